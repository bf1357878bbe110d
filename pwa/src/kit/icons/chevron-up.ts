export default '<path d="m18 15-6-6-6 6"/>'

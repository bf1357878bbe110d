import { expect, it } from 'vitest'
import { match } from './match'

const routes = [{ path: '/' }, { path: '/people/:id' }, { path: '/people/import' }, { path: '/c/:payload' }]

it('finds a path and its parts', () => {
  expect(match(routes, '/people/7')).toEqual({ route: { path: '/people/:id' }, params: { id: '7' } })
  expect(match(routes, '/')?.route.path).toBe('/')
  expect(match(routes, '/people/7/')?.params.id).toBe('7')
})

it('prefers a fixed part to a placeholder, whatever the order', () => {
  expect(match(routes, '/people/import')?.route.path).toBe('/people/import')
})

it('knows what it does not know', () => {
  expect(match(routes, '/people')).toBeNull()
  expect(match(routes, '/people/1/2')).toBeNull()
  expect(match(routes, '/c/%E0%A4%A')).toBeNull()
})

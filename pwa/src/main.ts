import { mount } from 'svelte'
import './kit/tokens.css'
import './kit/base.css'
import { install } from './push/install.svelte'
import App from './app/App.svelte'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
install.watch()
target.replaceChildren()
mount(App, { target })

import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
    svelte(),
    svelteTesting(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/sw',
      filename: 'sw.ts',
      injectRegister: null,
      manifest: {
        name: '明巡',
        short_name: '明巡',
        description: '居民区志愿服务：排班、签到、报问题',
        lang: 'zh-CN',
        dir: 'ltr',
        id: '/',
        start_url: '/',
        scope: '/',
        display: 'standalone',
        background_color: '#f3f1eb',
        theme_color: '#f3f1eb',
        icons: [
          { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
          { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: '/icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
        shortcuts: [
          { name: '扫码签到', url: '/scan' },
          { name: '报问题', url: '/report' },
        ],
      },
      injectManifest: { globPatterns: ['**/*.{js,css,html,svg,png,webmanifest}'], globIgnores: ['icons/icon-512.png', 'icons/maskable-512.png'] },
    }),
  ],
  build: {
    target: 'es2022',
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 120,
    rolldownOptions: {
      output: {
        // The parts that most screens share come at once: ten files of half a kilobyte are ten round trips on a stairwell's network.
        codeSplitting: { groups: [{ name: 'parts', test: /\/src\/(kit|i18n)\/|\/src\/api\/explain/, minShareCount: 4 }] },
      },
    },
  },
  server: { port: 5173, proxy: { '/api': { target: process.env.MINGXUN_SERVER ?? 'http://127.0.0.1:8321' } } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
    testTimeout: 30_000,
  },
})

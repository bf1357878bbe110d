/// <reference lib="webworker" />
/** The service worker: one small file a job. It holds no data of people; reading offline is the app's own (storage/reading). */
import { installOutbox } from './outbox'
import { installPush } from './push'
import { installShell } from './shell'
import { installUpdate } from './update'

installShell()
installUpdate()
installOutbox()
installPush()

import { words } from '../i18n/words.svelte'

export const t = words(
  {
    title: '通知到了谁',
    figure: (knowing: number, all: number) => `${all} 人里 ${knowing} 人知道了`,
    failed: '谁收到了通知，没查到',
    call: (name: string) => `打电话给${name}`,
    noPhone: '没留电话',
    kinds: {
      assigned: '排上了', unassigned: '不用来了', assigned_afterwards: '补记了', unassigned_afterwards: '不算了', shift_moved: '改时间', shift_relocated: '改地点', shift_removed: '位置没了',
      shift_conflict: '和别的班冲突', shift_informed: '说明有改动', shift_cancelled: '取消了',
    } as Record<string, string>,
    reach: {
      read: '看过了', shown: '手机上显示了', accepted: '发到手机了，看没看还不知道', waiting: '正在发', inbox_only: '手机不响，在「消息」里还没看',
      failed: '没发到手机', no_channel: '手机收不到通知',
    },
  },
  {
    title: 'Who has been told',
    figure: (knowing, all) => `${knowing} of ${all} know`,
    failed: 'Who has been told did not load',
    call: (name) => `Call ${name}`,
    noPhone: 'No number',
    kinds: {
      assigned: 'Put on it', unassigned: 'Taken off', assigned_afterwards: 'Entered afterwards', unassigned_afterwards: 'Taken off the record', shift_moved: 'New time', shift_relocated: 'New place', shift_removed: 'Place removed',
      shift_conflict: 'Clashes with another shift', shift_informed: 'Notes changed', shift_cancelled: 'Cancelled',
    } as Record<string, string>,
    reach: {
      read: 'Seen', shown: 'Shown on the phone', accepted: 'Sent to the phone, perhaps not seen', waiting: 'Being sent', inbox_only: 'In the app without ringing, not seen',
      failed: 'Did not reach the phone', no_channel: 'No phone that can be notified',
    },
  },
)

import { words } from '../i18n/words.svelte'

export const t = words(
  {
    places: '点位', place: '点位', plateOf: (plate: string) => `${plate} 号点位`, search: '找点位', searchHint: '名字、编号或者地址', count: (count: number) => `${count} 个`, errorTitle: '点位没拿到',
    emptyTitle: '还没有点位', emptyText: '先加上站岗、巡逻要签到的地方，再打印海报贴上去。', noneTitle: '没找到', noneText: '换个写法试试。',
    add: '加点位', posters: '打印海报', noPosition: '还没有位置', areas: '楼和微网格', addArea: '加楼或者微网格',
    loose: '不在微网格里的楼', buildings: (count: number) => `${count} 栋楼`, noBuildings: '还没有楼', andMore: (names: string, count: number) => `${names}，还有 ${count} 栋`, showAll: '看全部', fewer: '收起来', areasEmpty: '还没有楼。导入名册的时候会自己建，也可以在这里加。',
    areaKind: '加什么', areaKinds: { building: '楼', grid: '微网格' }, areaName: '名字', areaHint: { building: '比如 12号楼', grid: '比如 第三微网格' }, areaIn: '在哪里', areaAdd: '加上', areaAdded: (name: string) => `${name} 加好了。`, areaFailed: '没加成', areaNameless: '写上名字。',
    whole: (name: string) => `整个${name}`,

    newTitle: '加点位', editTitle: '改点位', name: '名字', nameHint: '海报上就写这个，让人一看就知道在哪，比如 东门岗亭', nameMissing: '写上名字。', plate: '编号', plateHint: '圆圈里的号，不填就用下一个空着的', plateOdd: '最多 4 位，只能是数字和字母。',
    area: '属于', address: '地址', addressHint: '可以不填', save: '改好了', create: '加上', saveFailed: '没改成', createFailed: '没加成', saved: '改好了。海报还能用，新名字下次打印才有。', created: (name: string) => `${name} 加好了，可以打印海报了。`, unchanged: '没有要改的。',
    position: '位置', positionSecond: '签到时和手机的位置比一比，离得近记录就充分。', positionHow: '怎么填位置', here: '用我现在的位置', hereSecond: '站到点位跟前再按', typed: '从地图上抄', typedSecond: '高德、腾讯、百度都行', byAddress: '按地址查', byAddressSecond: '要管理员先开通', later: '先不填', laterSecond: '签到照样能用，只是不看位置', keep: '不动',
    locate: '看看我在哪', locating: '正在找您的位置', accuracy: (metres: number) => `误差大约 ${metres} 米`, inexact: '不太准。走到露天、等一会儿再试。',
    denied: '手机没让明巡看位置。到手机设置里打开，或者从地图上抄。', unavailable: '手机这会儿找不到位置。到窗边或者露天再试，或者从地图上抄。', slow: '等了 20 秒还没找到。到露天再试，或者从地图上抄。',
    pasted: '经纬度', pastedHint: '两个数一起贴进来，前后都行，比如 121.5237, 31.1254', pastedOdd: '没看出两个数来。要像 121.5237, 31.1254 这样。', pastedMissing: '贴上经纬度，或者选「先不填」。', hereMissing: '先按「看看我在哪」，或者选「先不填」。', foundMissing: '先查地址，选一个结果。', read: (north: string, east: string) => `北纬 ${north}，东经 ${east}`,
    whichMap: '从哪个地图抄的', maps: { gcj02: '高德、腾讯', bd09: '百度', wgs84: 'GPS、手机自带' }, mapsWhy: '几个地图的数对不上，差几百米，选错就签不上。',
    lookUp: '要查的地址', lookUpHint: '写全一点，带上城市和路名', find: '查', finding: '正在查', findNothing: '没查到这个地址。写全一点再试，或者从地图上抄。', findFailed: '没查成', pick: '选一个', addressShort: '至少写两个字。',
    fence: '离多近算到了', fences: (metres: number) => `${metres} 米以内`, fenceUsual: '一般用这个', fenceSmall: '小岗亭，容易因为手机不准算远', fenceLarge: '大花园、长路段',

    located: '位置定好了', locatedFrom: { wgs84: '手机或者 GPS 给的', gcj02: '从高德、腾讯抄的', bd09: '从百度抄的' }, notLocated: '还没有位置', notLocatedText: '签到能用，但不看人在不在跟前。', within: (metres: number) => `${metres} 米以内算到了`,
    check: '我在跟前，核对一下', checking: '正在找您的位置', near: (metres: number) => `离您 ${metres} 米，对得上。`, far: (metres: number) => `离您 ${metres} 米，太远了。`, farText: '您要是正站在跟前，那位置就填错了，多半是地图选错。往下点「改这个点位」重新填。', roughly: (metres: number) => `手机的误差有 ${metres} 米`,
    edit: '改', editRow: '改这个点位', editSecond: '名字、位置、离多近算到', number: '6 位编号', numberSecond: '扫不出来的人输这个，也印在海报上。', print: '打印这张海报', tablet: '平板轮换码', tabletSecond: '放一台平板，码每 30 秒换一次，照片带不走', 
    rekey: '换新码', rekeySecond: '海报被人拍走、乱传的时候用', rekeyTitle: (name: string) => `给${name}换新码`, rekeyWarn: '贴着的旧海报和旧编号马上没用，谁扫都签不到。', rekeyThen: '换好就打印新海报，把旧的撕下来。要是马上有人来签到，先打印好再说。', rekeyDo: '换新码', rekeyNot: '不换了', rekeyFailed: '没换成', rekeyed: '新码好了', rekeyedText: '旧海报已经没用了。现在就打印新的贴上去。', printNew: '打印新海报', later2: '过会儿再打',

    postersTitle: '打印海报', postersLead: '每个点位一张 A4，贴在人站得到的地方。彩色、黑白都行。', printAll: (count: number) => `全部打印，${count} 张`, one: '打印', postersEmpty: '还没有点位，没有海报可打', making: '正在做海报', ready: (count: number) => `海报做好了，${count} 张`, readyOne: '海报做好了', open: '打开来打印', download: '存成文件', send: '发给打印的人', postersFailed: '海报没做成', fileAll: (place: string) => `${place}海报.pdf`, fileOne: (place: string, name: string) => `${place}-${name}海报.pdf`,

    scanHere: '扫码签到、签退', turns: '码每 30 秒换一次', useCamera: '用微信或者相机扫，', leave: '不放了', fullScreen: '放满屏幕', noCode: '现在出不了码', noCodeText: '没有网。扫海报，或者请带队的人代签。网通了码自己回来。', refusedCode: '这里出不了码', starting: '正在取码', codeFor: (name: string) => `${name}的签到码`, keepAwake: '这台平板会自己黑屏，请在设置里改成不锁屏。', sessionOver: '登录过期了，请重新登录。',
  },
  {
    places: 'Places', place: 'Place', plateOf: (plate) => `Place ${plate}`, search: 'Find a place', searchHint: 'Name, plate or address', count: (count) => String(count), errorTitle: 'The places did not load',
    emptyTitle: 'There is no place yet', emptyText: 'Add the posts where people check in, then print their posters.', noneTitle: 'Nothing found', noneText: 'Try another spelling.',
    add: 'Add a place', posters: 'Print posters', noPosition: 'No position yet', areas: 'Buildings and grids', addArea: 'Add a building or grid',
    loose: 'Buildings outside the grids', buildings: (count) => `${count} ${count === 1 ? 'building' : 'buildings'}`, noBuildings: 'No building yet', andMore: (names, count) => `${names}, and ${count} more`, showAll: 'Show all', fewer: 'Show fewer', areasEmpty: 'There is no building yet. Importing a roster makes them; you can add them here, too.',
    areaKind: 'What to add', areaKinds: { building: 'Building', grid: 'Grid' }, areaName: 'Name', areaHint: { building: 'Such as 12号楼', grid: 'Such as 第三微网格' }, areaIn: 'Where', areaAdd: 'Add', areaAdded: (name) => `${name} is added.`, areaFailed: 'Not added', areaNameless: 'Give the name.',
    whole: (name) => `All of ${name}`,

    newTitle: 'Add a place', editTitle: 'Change the place', name: 'Name', nameHint: 'It stands on the poster: people should know at once where that is', nameMissing: 'Give the name.', plate: 'Plate', plateHint: 'What stands in the ring; the next free number if left empty', plateOdd: 'At most 4 digits or letters.',
    area: 'Belongs to', address: 'Address', addressHint: 'May stay empty', save: 'Save', create: 'Add', saveFailed: 'Not saved', createFailed: 'Not added', saved: 'Saved. Posters stay valid; a new name stands on the next print.', created: (name) => `${name} is added. You can print its poster.`, unchanged: 'There is nothing to change.',
    position: 'Position', positionSecond: 'A check-in is compared with where the phone is; near by, its record is strong.', positionHow: 'How to give the position', here: 'Where I am now', hereSecond: 'Stand at the place first', typed: 'Copied from a map', typedSecond: 'Amap, Tencent or Baidu', byAddress: 'By its address', byAddressSecond: 'If an administrator has switched it on', later: 'Not now', laterSecond: 'Checking in works, only without the place', keep: 'Leave it',
    locate: 'Find where I am', locating: 'Looking for your position', accuracy: (metres) => `Right to about ${metres} m`, inexact: 'Not very exact. Go outside, wait a little and try again.',
    denied: 'The phone does not let Mingxun see where you are. Allow it in the settings, or copy from a map.', unavailable: 'The phone does not know where it is just now. Try by a window or outside, or copy from a map.', slow: 'Nothing found within 20 seconds. Try outside, or copy from a map.',
    pasted: 'Latitude and longitude', pastedHint: 'Paste both numbers, in either order, such as 121.5237, 31.1254', pastedOdd: 'These are not two numbers. It should look like 121.5237, 31.1254.', pastedMissing: 'Paste the two numbers, or choose “Not now”.', hereMissing: 'Press “Find where I am” first, or choose “Not now”.', foundMissing: 'Look the address up and choose a result.', read: (north, east) => `${north} north, ${east} east`,
    whichMap: 'Which map it is from', maps: { gcj02: 'Amap, Tencent', bd09: 'Baidu', wgs84: 'GPS, the phone itself' }, mapsWhy: 'Their numbers differ by some hundred metres; with the wrong one nobody is near enough.',
    lookUp: 'Address to look up', lookUpHint: 'In full, with city and road', find: 'Look up', finding: 'Looking', findNothing: 'This address was not found. Write it in full, or copy from a map.', findFailed: 'Not looked up', pick: 'Choose one', addressShort: 'Two characters at least.',
    fence: 'How near counts as there', fences: (metres) => `Within ${metres} m`, fenceUsual: 'The usual one', fenceSmall: 'A small post; an inexact phone may count as too far', fenceLarge: 'A large garden, a long road',

    located: 'Its position is known', locatedFrom: { wgs84: 'From a phone or GPS', gcj02: 'Copied from Amap or Tencent', bd09: 'Copied from Baidu' }, notLocated: 'No position yet', notLocatedText: 'Checking in works, but not whether one stands there.', within: (metres) => `Within ${metres} m counts as there`,
    check: 'I am there: compare', checking: 'Looking for your position', near: (metres) => `${metres} m from you: it fits.`, far: (metres) => `${metres} m from you: too far.`, farText: 'If you stand right there, the position is wrong, most likely from another map. Change it.', roughly: (metres) => `The phone is right to ${metres} m`,
    edit: 'Change', editRow: 'Change this place', editSecond: 'Name, position, how near counts', number: 'Six-digit number', numberSecond: 'For those who can’t scan; it stands on the poster, too.', print: 'Print this poster', tablet: 'Rotating code on a tablet', tabletSecond: 'It changes every 30 seconds, so a photo of it is no use',
    rekey: 'New code', rekeySecond: 'When pictures of the poster go round', rekeyTitle: (name) => `A new code for ${name}`, rekeyWarn: 'The old poster and number stop working at once: nobody can check in with them.', rekeyThen: 'Print the new poster right afterwards and take the old one down. If somebody is about to check in, wait.', rekeyDo: 'Make a new code', rekeyNot: 'Leave it', rekeyFailed: 'Not changed', rekeyed: 'The new code is there', rekeyedText: 'The old poster no longer works. Print the new one now and put it up.', printNew: 'Print the new poster', later2: 'Later',

    postersTitle: 'Print posters', postersLead: 'One A4 page for each place. Put it up where people can stand in front of it; black and white will do.', printAll: (count) => `Print all ${count}`, one: 'Print', postersEmpty: 'Without places there is no poster', making: 'Making the posters', ready: (count) => `${count} posters are ready`, readyOne: 'The poster is ready', open: 'Open to print', download: 'Keep the file', send: 'Send to whoever prints', postersFailed: 'No posters were made', fileAll: (place) => `Posters ${place}.pdf`, fileOne: (place, name) => `Poster ${place} ${name}.pdf`,

    scanHere: 'Scan to check in or out', turns: 'It changes every 30 seconds', useCamera: 'With WeChat or the camera.', leave: 'Leave', fullScreen: 'Full screen', noCode: 'No code just now', noCodeText: 'There is no network. Scan the poster, or ask the leader to vouch for you. The code comes back by itself.', refusedCode: 'No code can be shown here', starting: 'Fetching the code', codeFor: (name) => `Check-in code of ${name}`, keepAwake: 'This tablet will go dark by itself; set it to never lock.', sessionOver: 'The session has ended. Sign in again.',
  },
)

// Every word of the explorer, in English and Japanese.

const WORDS = {
  height: ["Height", "高さ"], work: ["Work", "仕事量"], peers: ["Peers", "ピア"], waiting: ["Waiting", "待ち"],
  mining: ["Mining", "マイニング"], idle: ["idle", "休止中"], perSecond: ["{n} tries/s", "毎秒 {n} 回"],
  chain: ["Chain", "チェイン"], classic: ["classic", "クラシック"], chainLive: ["The chain, live", "チェイン(ライブ)"],
  skip: ["Skip to the content", "本文へ移動"], search: ["Search", "検索"],
  searchHint: ["Height, hash, id, address or text", "高さ・ハッシュ・ID・アドレス・本文"],
  toJapanese: ["日本語", "English"], block: ["Block", "ブロック"], genesis: ["Genesis block", "ジェネシスブロック"],
  records: ["{n} records", "記録 {n} 件"], oneRecord: ["1 record", "記録 1 件"], noRecords: ["no records", "記録なし"],
  ago: ["{time} ago", "{time}前"], aheadOfClock: ["{time} ahead of this clock", "この時計より {time}先"],
  notDate: ["{n} (not a date)", "{n}(日付ではありません)"], showAll: ["Show all {n} characters", "全 {n} 文字を表示"],
  showMore: ["Show more of {n}", "全 {n} 件の続きを表示"], milliseconds: ["{n} ms", "{n} ミリ秒"], seconds: ["{n} s", "{n} 秒"],
  minutes: ["{n} min", "{n} 分"], hours: ["{n} hours", "{n} 時間"], days: ["{n} days", "{n} 日"], years: ["{n} years", "{n} 年"],
  millionYears: ["{n} million years", "{n} 百万年"], billionYears: ["{n} billion years", "{n} 十億年"],
  record: ["Record a text", "記録する"], recordHint: ["What should stand in the chain for good?", "チェインに残す文を入力"],
  send: ["Record", "記録"], saved: ["Saved; it will be mined into a block.", "保存しました。まもなくブロックにマイニングされます。"],
  drafted: ["Saved as a draft; it is signed", "下書きとして保存しました。署名は"], displaced: ["Displaced: another transaction of the account took its place.", "置き換えられました: 同じ口座の別のトランザクションが先に入りました。"],
  until_peer: ["once the node has caught up with a peer.", "ピアに追いついた後です。"], until_unlock: ["once the wallet is unlocked: kusari wallet unlock", "ウォレットの解錠後です: kusari wallet unlock"],
  until_account: ["once the node runs with its wallet.", "そのウォレットでノードを起動した後です。"], until_turn: ["in its turn.", "順番が来たときです。"], former: ["Before it was signed again", "署名し直す前の ID"],
  inBlock: ["It stands in block {n}.", "ブロック {n} に入りました。"], look: ["Look at it", "見る"],
  locked: ["This browser may only look. To write, paste the token of the node's node.json, or open the link that this command prints on the node's machine (good once, for 60 s):", "このブラウザは閲覧のみです。書き込むには、ノードの node.json のトークンを貼り付けるか、ノードのマシンで次のコマンドが表示するリンク(60 秒間、1 回だけ有効)を開いてください:"],
  token: ["Token", "トークン"], unlock: ["Allow writing", "書き込みを許可"],
  forks: ["Forks", "分岐"], noForks: ["No branches beside the best chain.", "最良チェイン以外の分岐はありません。"],
  branchSays: ["{n} blocks beside the chain since height {h}", "高さ {h} から分かれた {n} ブロック"],
  oneBranchBlock: ["1 block beside the chain since height {h}", "高さ {h} から分かれた 1 ブロック"],
  equal: ["with as much work, but later here", "仕事量は同じで、到着が後"], instant: ["less than 1 ms", "1 ミリ秒未満"],
  noRate: ["Nothing was mined here since this page was opened.", "このページを開いてからマイニングはありません。"],
  ahead: ["ahead by {n} tries", "{n} 回分先行"], behind: ["behind by {n} tries", "{n} 回分遅れ"],
  held: ["held: following it would take back too much", "保留中: 採用すると巻き戻しが大きすぎます"],
  treeLabel: ["The last blocks of the best chain and the branches beside it", "最良チェインの最近のブロックと分岐"],
  reorganised: ["Reorganisation: the tip moved from block {from} to block {to}. Blocks that left the best chain: {n}.", "再編成: 先端はブロック {from} からブロック {to} へ移りました。最良チェインを離れたブロック: {n}。"],
  peersLabel: ["This node and its {n} peers", "このノードと {n} 個のピア"], thisNode: ["this node", "このノード"],
  noPeers: ["No peers are connected. Start another node with --connect and this node's address.", "ピアが接続されていません。別のノードを --connect で起動してください。"],
  address: ["Address", "アドレス"], direction: ["Direction", "方向"], inbound: ["dialled us", "受信"], outbound: ["we dialled", "発信"],
  program: ["Program", "プログラム"], latency: ["Latency", "遅延"], unknown: ["not known", "不明"],
  waitingTitle: ["Waiting to be mined", "マイニング待ち"], nothingWaits: ["Nothing waits.", "待っているものはありません。"],
  andMore: ["and {n} more", "ほか {n} 件"], payment: ["{n} to {to}", "{to} へ {n}"],
  charts: ["Mining and difficulty", "マイニングと難易度"], rate: ["Tries per second", "毎秒の試行"], difficulty: ["Work per block", "ブロックの仕事量"],
  interval: ["Seconds between blocks", "ブロック間隔(秒)"], chartRate: ["Tries per second of this node over the last minutes; now {n}", "このノードの毎秒の試行回数。現在 {n}"],
  chartWork: ["Work of each of the last {n} blocks; the newest took {w} tries on average", "直近 {n} ブロックの仕事量。最新は平均 {w} 回"],
  meter: ["How safe is it?", "どのくらい安全か"],
  meterSays: ["Whoever wants to rewrite the last {what} has to redo its work. That would take:", "直近の{what}を書き換えるには同じ仕事をやり直す必要があります。所要時間:"],
  tenBlocks: ["10 blocks", "10 ブロック"], hour: ["hour", "1 時間"], day: ["day", "1 日"],
  thisMachine: ["This machine", "このマシン"], gpu: ["One {name}", "{name} 1 台"],
  meterHonest: ["Ten machines need a tenth of it. A young or idle chain is cheap to rewrite; witnesses and many nodes help.", "10 台なら 10 分の 1 です。若いチェインや仕事の少ないチェインは安く書き換えられます。証人と多くのノードが助けになります。"],
  noBlocksYet: ["There are no blocks yet.", "まだブロックがありません。"],
  witnesses: ["{n} of {m} listed witnesses stand near the tip.", "登録した証人 {m} のうち {n} が先端付近を証言しています。"],
  disconnected: ["The node does not answer since {time}. This page goes on as soon as it does.", "{time} からノードが応答していません。再接続を待っています。"],
  refusedEvents: ["The node does not tell this page what happens ({why}). It is asked again; until then the page is a few seconds behind.", "ノードがイベントの配信を拒否しました({why})。再試行しています。それまで表示は数秒遅れます。"],
  noAnswer: ["the node does not answer", "ノードが応答しません"], noAnswerIn: ["the node did not answer within {n} s", "ノードが {n} 秒以内に応答しませんでした"],
  noJson: ["what answered with status {n} is not the API of a node", "状態コード {n} の応答はノードの API のものではありません"],
  partFailed: ["This part of the page failed and is tried again.", "この部分を表示できませんでした。再試行します。"],
  hash: ["Hash", "ハッシュ"], previous: ["Previous block", "前のブロック"], next: ["Next block", "次のブロック"], timestamp: ["Time", "時刻"],
  nonce: ["Nonce", "ナンス"], text: ["Text", "本文"], confirmations: ["Confirmations", "承認数"], beside: ["beside the best chain", "最良チェインの外"],
  miner: ["Miner", "マイナー"], transactions: ["Transactions", "トランザクション"], sender: ["From", "送信者"], receiver: ["To", "受信者"],
  transaction: ["Transaction", "トランザクション"], amount: ["Amount", "額"], fee: ["Fee", "手数料"], sequence: ["Sequence", "連番"], id: ["Id", "ID"], erased: ["the text was erased on this node", "本文はこのノードから消去されました"],
  noText: ["without a text", "本文なし"], waits: ["It waits to be mined.", "マイニングを待っています。"], stands: ["Stands in block", "ブロック"],
  verify: ["Verify the proof in this browser", "このブラウザで証明を検証"], verifyHint: ["The page below checks signature, path, work and witnesses by itself; save it and it needs no node.", "下のページが署名・経路・仕事量・証言を自分で検証します。保存すればノードは不要です。"],
  save: ["Save the page", "ページを保存"], proofFile: ["Proof as a file", "証明ファイル"],
  balance: ["Balance", "残高"], sent: ["Sent", "送信数"], nothingFound: ["Nothing was found for “{q}”.", "「{q}」は見つかりませんでした。"],
  found: ["Found for “{q}”", "「{q}」の検索結果"], readOn: ["Read on from block {n}", "ブロック {n} から続きを読む"], searching: ["Reading the chain…", "チェインを読んでいます…"],
  noSuch: ["There is no such thing on this node.", "このノードにはありません。"], back: ["Overview", "概要へ戻る"], api: ["API", "API"], loading: ["Loading…", "読み込み中…"],
  tip: ["Tip", "先端"], view: ["This view", "この画面"], more: ["More", "続き"],
};

const KEPT = "kusari-language";
/** A browser may keep nothing for a page, and says so by an error. */
const kept = (act) => { try { return act(); } catch { return null; } };
let now = kept(() => localStorage.getItem(KEPT)) || (navigator.language || "en").slice(0, 2);

export const language = () => (now === "ja" ? "ja" : "en");

export function setLanguage(chosen) {
  now = chosen;
  kept(() => localStorage.setItem(KEPT, chosen));
}

/** The words for a key in pieces, where what is filled in may be an element. */
export const parts = (key, values) =>
  WORDS[key][language() === "ja" ? 1 : 0].split(/\{(\w+)\}/).map((part, at) => (at % 2 ? values[part] : part));

/** The words for a key, with what stands in braces filled in. */
export const t = (key, values = {}) => parts(key, values).join("");

import { words } from '../i18n/words.svelte'
import type { ProblemDocument } from './problem'
import { Refused, Unreachable } from './problem'

const way = words(
  {
    unreachable: '现在连不上。看看手机有没有网，再试一次。',
    status: (status: number) => `没送成（${status}）。过会儿再试，还不行就找统筹员。`,
    strange: '出了点意外。再试一次，还不行就关掉重开。',
  },
  {
    unreachable: 'Nobody answers just now. Check the network and try again.',
    status: (status) => `It did not go through (${status}). Try again later; if it stays so, ask a coordinator.`,
    strange: 'Something unexpected happened. Try again; if it stays so, close the app and open it anew.',
  },
)

type Sentences = (slug: string, problem: ProblemDocument) => string | null
let sentence: Sentences = () => null
/** For `sentences` only, which comes later than this. */
export function knowSentences(known: Sentences): void {
  sentence = known
}

/** A refusal as a sentence. Whoever has a `Refused` in hand has the sentences, too: `call` sees to it. */
export function explainProblem(problem: ProblemDocument): string {
  const slug = problem.type.split('/').pop() ?? ''
  return sentence(slug, problem) ?? (problem.detail || (problem.title && !slug.startsWith('status-') ? problem.title : way.status(problem.status)))
}

/** What happened and what to do, for anything that `call` throws. */
export function explain(error: unknown): string {
  if (error instanceof Refused) return explainProblem(error.problem)
  if (error instanceof Unreachable) return way.unreachable
  return way.strange
}

/** An RFC 9457 problem: `type` is `/problems/<slug>`; its other members say more (which reasons, which shift, …). */
export interface ProblemDocument {
  type: string
  title: string
  status: number
  detail?: string
  instance?: string
  [member: string]: unknown
}

/** Reads an answer that is not a success; null when it carries no problem document. */
export function problemOf(status: number, contentType: string | null, text: string): ProblemDocument | null {
  if (!contentType?.includes('json')) return null
  try {
    const found = JSON.parse(text) as unknown
    if (typeof found !== 'object' || found === null || typeof (found as ProblemDocument).type !== 'string') return null
    return { title: '', ...(found as object), status } as ProblemDocument
  } catch {
    return null
  }
}

/** The server said no. `slug` tells which no; `problem` carries the rest. */
export class Refused extends Error {
  override name = 'Refused'
  readonly slug: string
  constructor(
    readonly problem: ProblemDocument,
    /** Seconds to wait before trying again, if the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(problem.title)
    this.slug = problem.type.split('/').pop() ?? ''
  }
}

/** Nobody answered: no network, too slow, or the server is away. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

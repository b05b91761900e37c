/** One request to the REST interface: what it answers, or a problem in the server's own words. */
import * as z from "zod/mini";
import { Problem } from "./shapes";

/** The server refused or could not be asked; `detail` says what to do, in its own words. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly retryAfterS: number,
    /** What else the refusal carries, such as the scope that is missing. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || title);
    this.name = "ProblemError";
  }
}

/** A body to send, and the key that makes sending it again safe. */
interface Sending {
  readonly body: unknown;
  readonly key: string;
}

type Method = "GET" | "PUT" | "POST" | "DELETE";

/** What `path` answers, in the given shape. */
export async function ask<T>(shape: z.ZodMiniType<T>, path: string, signal?: AbortSignal): Promise<T> {
  return read(shape, path, await request("GET", path, signal));
}

/** Send something, under a key that makes sending it again safe; gives what is answered. */
export async function send<T>(shape: z.ZodMiniType<T>, path: string, sending: Sending): Promise<T> {
  return read(shape, path, await request("POST", path, undefined, sending));
}

/** Do something that is answered with more than that it is done. */
export async function post<T>(shape: z.ZodMiniType<T>, path: string): Promise<T> {
  return read(shape, path, await request("POST", path));
}

async function read<T>(shape: z.ZodMiniType<T>, path: string, answer: Response): Promise<T> {
  const checked = shape.safeParse(await answer.json().catch(() => null));
  if (checked.success) return checked.data;
  const where = checked.error.issues[0]?.path.join(".") ?? "";
  throw new ProblemError(
    answer.status,
    "unexpected answer",
    `${path} answered something else than expected (${where})`,
    0,
  );
}

/** Do something; there is nothing to read in the answer. It is done even if the page is left meanwhile. */
export async function act(method: Exclude<Method, "GET">, path: string): Promise<void> {
  await request(method, path);
}

async function request(
  method: Method,
  path: string,
  signal?: AbortSignal,
  sending?: Sending,
): Promise<Response> {
  let answer: Response;
  try {
    const json = sending && { "Content-Type": "application/json", "Idempotency-Key": sending.key };
    answer = await fetch(path, {
      method,
      headers: { Accept: "application/json", ...json },
      credentials: "same-origin",
      keepalive: method !== "GET",
      ...(sending ? { body: JSON.stringify(sending.body) } : {}),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ProblemError(
      0,
      "no answer",
      "The server cannot be reached. Check your network; the page tries again.",
      0,
    );
  }
  if (answer.ok) return answer;
  const problem = Problem.safeParse(await answer.json().catch(() => null));
  const retryAfterS = Number(answer.headers.get("Retry-After")) || 0;
  if (problem.success)
    throw new ProblemError(answer.status, problem.data.title, problem.data.detail, retryAfterS, problem.data);
  throw new ProblemError(
    answer.status,
    "request failed",
    `The server answered ${answer.status}.`,
    retryAfterS,
  );
}

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
  ) {
    super(detail || title);
    this.name = "ProblemError";
  }
}

type Method = "GET" | "PUT" | "POST" | "DELETE";

/** What `path` answers, in the given shape. */
export async function ask<T>(shape: z.ZodMiniType<T>, path: string, signal?: AbortSignal): Promise<T> {
  const answer = await request("GET", path, signal);
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

/** Do something; there is nothing to read in the answer. */
export async function act(method: Exclude<Method, "GET">, path: string): Promise<void> {
  await request(method, path);
}

async function request(method: Method, path: string, signal?: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    const headers = { Accept: "application/json" };
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
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
    throw new ProblemError(answer.status, problem.data.title, problem.data.detail, retryAfterS);
  throw new ProblemError(
    answer.status,
    "request failed",
    `The server answered ${answer.status}.`,
    retryAfterS,
  );
}

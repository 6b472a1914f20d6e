import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

/** A packaged notebook as the server lists it. */
export interface IStudy {
  name: string;
  title: string;
  summary: string;
}

/** A session that was saved by itself. */
export interface ISavedSession {
  path: string;
  title: string;
  saved: string;
  steps: number;
  /** Why it cannot be opened, or "". */
  problem: string;
}

/** A notebook of the user: where it is, and whether it was made just now. */
export interface IMade {
  path: string;
  created: boolean;
}

/** What a session is given from the settings. */
export type SessionSettings = Record<string, string | number>;

/** Ask the server extension; its own sentence becomes the error's message. */
async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, "workbench", path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  const text = await response.text();
  let body: { message?: string } = {};
  try {
    body = JSON.parse(text);
  } catch {
    body = { message: text.slice(0, 200) };
  }
  if (!response.ok) {
    throw new Error(body.message || `the server answered ${response.status}`);
  }
  return body as T;
}

function post(path: string, body: unknown): Promise<IMade> {
  return request<IMade>(path, { method: "POST", body: JSON.stringify(body) });
}

/** All packaged notebooks but the one for a new discovery. */
export async function listStudies(): Promise<IStudy[]> {
  return (await request<{ studies: IStudy[] }>("studies")).studies;
}

/** Saved sessions, the latest first. */
export async function listSessions(): Promise<ISavedSession[]> {
  return (await request<{ sessions: ISavedSession[] }>("sessions")).sessions;
}

/** The user's copy of a notebook in a folder; made when it is missing, never overwritten. */
export function copyNotebook(name: string, folder: string, settings: SessionSettings = {}): Promise<IMade> {
  return post(URLExt.join("studies", name), { folder, settings });
}

/** A notebook beside a table that opens it in the workbench. */
export function notebookForTable(path: string, settings: SessionSettings): Promise<IMade> {
  return post("tables", { path, settings });
}

/** A notebook in a folder that goes on with a saved session. */
export function notebookForSession(path: string, folder: string): Promise<IMade> {
  return post("sessions", { path, folder });
}

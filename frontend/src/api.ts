import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** A packaged study as the server lists it. */
export interface IStudy {
  name: string;
  title: string;
  summary: string;
}

/** Ask the server extension; its own sentence becomes the error's message. */
async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'workbench', path);
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

/** All packaged studies. */
export async function listStudies(): Promise<IStudy[]> {
  return (await request<{ studies: IStudy[] }>('studies')).studies;
}

/** Path of the user's copy of a notebook in a folder; made when it is missing, never overwritten. */
export async function copyNotebook(name: string, folder: string): Promise<string> {
  const init = { method: 'POST', body: JSON.stringify({ folder }) };
  return (await request<{ path: string }>(URLExt.join('studies', name), init)).path;
}

import type * as M from "./messages";

/** What the page was given: where the interface is, and what opens it. */
export interface Access {
  api: string;
  token: string;
}

/** The server's reason for not answering. */
export class ApiError extends Error implements M.ErrorAnswer {
  constructor(
    readonly status: number,
    readonly what: string,
    readonly where = "",
    readonly fix = "",
  ) {
    super(what);
    this.name = "ApiError";
  }
}

/** Nobody answered: the server is down, or the network is. */
export class ServerAway extends Error {
  constructor(cause: unknown) {
    super("the Studio's server does not answer", { cause });
    this.name = "ServerAway";
  }
}

/** Whether the request was given up by the one who made it. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What a person should read of an error. */
export function describe(error: unknown): M.ErrorAnswer {
  if (error instanceof ApiError) return { what: error.what, where: error.where, fix: error.fix };
  if (error instanceof ServerAway) {
    return { what: error.message, where: "", fix: "look whether `odibi studio` is still running" };
  }
  return { what: error instanceof Error ? error.message : String(error), where: "", fix: "" };
}

type Query = Record<string, string | number>;

export type Api = ReturnType<typeof createApi>;

/** The HTTP interface of the server, one function a route. */
export function createApi(access: Access) {
  const base = new URL(access.api.replace(/^\//, "").replace(/\/?$/, "/"), document.baseURI);

  async function request<T>(method: string, path: string, body?: unknown, options: RequestInit = {}): Promise<T> {
    const headers: Record<string, string> = { "X-Odibi-Token": access.token };
    const isForm = body instanceof FormData;
    if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
    const content = body === undefined ? null : isForm ? body : JSON.stringify(body);
    let response: Response;
    try {
      response = await fetch(new URL(path, base), { ...options, method, headers, body: content });
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new ServerAway(error);
    }
    if (response.ok) return (await response.json()) as T;
    throw await refusal(response);
  }

  const get = <T>(path: string, query: Query = {}, signal?: AbortSignal) => {
    const search = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
    return request<T>("GET", search.size ? `${path}?${search}` : path, undefined, withSignal(signal));
  };
  const post = <T>(path: string, body: unknown, signal?: AbortSignal) =>
    request<T>("POST", path, body, withSignal(signal));
  const design = (id: string) => `designs/${encodeURIComponent(id)}`;
  const run = (id: string) => `runs/${encodeURIComponent(id)}`;

  return {
    catalog: (signal?: AbortSignal) => get<M.Catalog>("catalog", {}, signal),
    designs: (signal?: AbortSignal) => get<M.DesignCard[]>("designs", {}, signal),
    design: (id: string, signal?: AbortSignal) => get<M.Design>(design(id), {}, signal),
    /** `keepalive` lets the request outlive the page; browsers allow it up to 64 KB. */
    autosave: (id: string, wanted: M.AutosaveRequest, keepalive = false) =>
      request<M.AutosaveAnswer>("PUT", design(id), wanted, { keepalive }),
    copyDesign: (id: string, wanted: M.CopyRequest) => post<M.Design>(`${design(id)}/copies`, wanted),
    versions: (id: string, signal?: AbortSignal) => get<M.Version[]>(`${design(id)}/versions`, {}, signal),
    createVersion: (id: string, wanted: M.VersionRequest) => post<M.Version>(`${design(id)}/versions`, wanted),
    version: (id: string, number: number, signal?: AbortSignal) =>
      get<M.Document>(`${design(id)}/versions/${number}`, {}, signal),
    diff: (id: string, before: number, after: number, signal?: AbortSignal) =>
      get<M.Diff>(`${design(id)}/diff`, { before, after }, signal),
    restore: (id: string, version: number) => post<M.Design>(`${design(id)}/restore`, { version }),
    export: (id: string, form: "yaml" | "python", signal?: AbortSignal) =>
      get<M.ExportAnswer>(`${design(id)}/export`, { form }, signal),
    /** Settles what becomes of a document whose file was changed outside. */
    resolve: (id: string, take: M.ResolveRequest["take"]) => post<M.Design>(`${design(id)}/resolve`, { take }),
    import: (file_name: string, text: string) => post<M.ImportAnswer>("import", { file_name, text }),
    check: (wanted: M.CheckRequest, signal?: AbortSignal) => post<M.CheckAnswer>("check", wanted, signal),
    preview: (wanted: M.PreviewRequest, signal?: AbortSignal) => post<M.PreviewAnswer>("preview", wanted, signal),
    /** Has the server make an answer ready that may be asked for next. */
    previewAhead: (wanted: M.PreviewRequest, signal?: AbortSignal) => post<M.PreviewAheadAnswer>("preview/ahead", wanted, signal),
    profile: (wanted: M.ProfileRequest, signal?: AbortSignal) => post<M.ProfileAnswer>("profile", wanted, signal),
    suggest: (wanted: M.SuggestRequest, signal?: AbortSignal) => post<M.SuggestAnswer>("suggest", wanted, signal),
    /** Keeps rows of a step as a test. */
    pin: (wanted: M.PinRequest) => post<M.PinAnswer>("pin", wanted),
    follow: (wanted: M.FollowRequest, signal?: AbortSignal) => post<M.FollowAnswer>("follow", wanted, signal),
    health: (wanted: M.HealthRequest, signal?: AbortSignal) => post<M.HealthAnswer>("health", wanted, signal),
    runHealth: (id: string, signal?: AbortSignal) => get<M.HealthAnswer>(`${run(id)}/health`, {}, signal),
    find: (wanted: M.FindRequest, signal?: AbortSignal) => post<M.FindAnswer>("find", wanted, signal),
    formatSql: (wanted: M.SqlRequest, signal?: AbortSignal) => post<M.SqlAnswer>("sql/format", wanted, signal),
    /** The columns of something that the SQL page may ask. */
    datasetColumns: (name: string, signal?: AbortSignal) => get<M.DatasetColumns>("datasets/columns", { name }, signal),
    translateSql: (wanted: M.SqlRequest, signal?: AbortSignal) => post<M.SqlAnswer>("sql/translate", wanted, signal),
    recipe: (wanted: M.RecipeRequest, signal?: AbortSignal) => post<M.RecipeAnswer>("recipe", wanted, signal),
    runs: (query: Query, signal?: AbortSignal) => get<M.RunList>("runs", query, signal),
    startRun: (wanted: Partial<M.StartRunRequest>) => post<M.RunSummary>("runs", wanted),
    run: (id: string, signal?: AbortSignal) => get<M.RunSummary>(run(id), {}, signal),
    runSteps: (id: string, signal?: AbortSignal) => get<M.RunSteps>(`${run(id)}/steps`, {}, signal),
    /** Answers as soon as something has happened, or after `wait_s` seconds. */
    runEvents: (id: string, after: number, wait_s: number, signal?: AbortSignal) =>
      get<M.RunEvents>(`${run(id)}/events`, { after, wait_s }, signal),
    runSamples: (id: string, step: string, signal?: AbortSignal) => get<M.RunSamples>(`${run(id)}/samples`, { step }, signal),
    /** What ran, as it was then. */
    runDesign: (id: string, signal?: AbortSignal) => get<M.Design>(`${run(id)}/design`, {}, signal),
    repeatRun: (id: string, wanted: Partial<M.RepeatRunRequest>) => post<M.RunSummary>(`${run(id)}/repeat`, wanted),
    /** A new design of what ran. */
    forkRun: (id: string) => post<M.Design>(`${run(id)}/fork`, {}),
    cancelRun: (id: string) => post<M.RunSummary>(`${run(id)}/cancel`, {}),
    folder: (path: string, signal?: AbortSignal) => get<M.Folder>("files", { path }, signal),
    upload: (file: File, signal?: AbortSignal) => {
      const form = new FormData();
      form.append("file", file);
      return post<M.SourceAnswer>("files", form, signal);
    },
  };
}

function withSignal(signal: AbortSignal | undefined): RequestInit {
  return signal ? { signal } : {};
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const answer = (await response.json()) as M.ErrorAnswer;
    if (typeof answer.what === "string") return new ApiError(response.status, answer.what, answer.where, answer.fix);
  } catch {
    // A proxy or Streamlit itself answered, with a page instead of JSON.
  }
  return new ApiError(response.status, `the server answered with status ${response.status}`, "", "reload the page");
}

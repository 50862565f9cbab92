import { ArrowUp, File as FileIcon, Folder as FolderIcon, Upload } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { describe } from "../api";
import { useAnswer } from "../controls/useAnswer";
import type { FileEntry } from "../messages";
import { useDesigner } from "../store";
import { Dialog } from "./Dialog";
import { localTime, sizeText } from "./times";

interface Props {
  title: string;
  /** The path from which it starts: its folder is opened. */
  start: string;
  /** Whether a file that is not there yet may be named. */
  isNew: boolean;
  onChoose: (path: string) => void;
  onClose: () => void;
}

/** Chooses a file or folder of the workspace. */
export function FilePicker({ title, start, isNew, onChoose, onClose }: Props) {
  const api = useDesigner((state) => state.api);
  const [folder, setFolder] = useState(folderOf(start));
  const [sought, setSought] = useState("");
  const [name, setName] = useState(isNew ? nameOf(start) : "");
  const [reload, setReload] = useState(0);
  const [refusal, setRefusal] = useState("");
  const upload = useRef<HTMLInputElement>(null);
  const { value, failure, isAsking } = useAnswer(`${reload}:${folder}`, (signal) => api.folder(folder, signal));
  const entries = (value?.entries ?? []).filter((entry) => nameOf(entry.path).toLowerCase().includes(sought.trim().toLowerCase()));
  const sorted = entries.toSorted((one, other) => Number(other.is_folder) - Number(one.is_folder) || one.path.localeCompare(other.path));

  // A path of a step may lead to where nothing is: then the workspace itself is shown.
  useEffect(() => {
    if (failure && folder !== "") setFolder("");
  }, [failure]);

  function open(path: string) {
    setFolder(path);
    setSought("");
  }

  async function send(file: File | undefined) {
    if (!file) return;
    try {
      const { path } = await api.upload(file);
      setRefusal("");
      onChoose(path);
    } catch (error) {
      const { what, fix } = describe(error);
      setRefusal([what, fix].filter(Boolean).join(": "));
      setReload((count) => count + 1);
    }
  }

  const target = [folder, name.trim()].filter(Boolean).join("/");
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          {!isNew && (
            <>
              <input ref={upload} type="file" hidden aria-hidden="true" onChange={(event) => void send(event.target.files?.[0])} />
              <button type="button" className="button" onClick={() => upload.current?.click()}>
                <Upload size={14} aria-hidden="true" /> Upload a file
              </button>
            </>
          )}
          <span className="spacer" />
          {!isNew && folder !== "" && (
            <button type="button" className="button" onClick={() => onChoose(folder)} title="All files of the folder are read as one">
              Choose this folder
            </button>
          )}
          {isNew && (
            <button type="button" className="button is-primary" disabled={!name.trim()} onClick={() => onChoose(target)}>
              Write to {name.trim() ? target : "…"}
            </button>
          )}
        </>
      }
    >
      <div className="picker-path">
        <nav aria-label="Folder">
          <button type="button" className="quiet" onClick={() => open("")}>
            Workspace
          </button>
          {parts(folder).map(([part, path]) => (
            <span key={path}>
              {" / "}
              <button type="button" className="quiet" aria-current={path === folder ? "location" : undefined} onClick={() => open(path)}>
                {part}
              </button>
            </span>
          ))}
        </nav>
        <input type="search" aria-label="Search in this folder" placeholder="Search" value={sought} onChange={(event) => setSought(event.target.value)} data-autofocus={isNew ? undefined : true} />
      </div>
      {(refusal || failure) && (
        <p className="field-message" data-severity="error" role="alert">
          {refusal || `${failure!.what} ${failure!.fix}`}
        </p>
      )}
      <ul className="picker-list" aria-busy={isAsking} aria-label="Files" onKeyDown={moveFocus}>
        {folder !== "" && (
          <li>
            <button type="button" onClick={() => open(folderOf(folder))}>
              <ArrowUp size={15} aria-hidden="true" />
              <span>Up</span>
            </button>
          </li>
        )}
        {sorted.map((entry) => (
          <li key={entry.path}>
            <Entry entry={entry} onOpen={() => (entry.is_folder ? open(entry.path) : isNew ? setName(nameOf(entry.path)) : onChoose(entry.path))} />
          </li>
        ))}
      </ul>
      {value && sorted.length === 0 && !isAsking && (
        <p className="empty">{sought ? "No file of this name is here." : "This folder is empty."}</p>
      )}
      {isNew && (
        <label className="picker-name">
          <span className="field-label">File name</span>
          <input type="text" value={name} placeholder="orders.parquet" data-autofocus onChange={(event) => setName(event.target.value)} />
          <span className="field-help">Its ending says the format. {"{date}"} stands for the day of the run.</span>
        </label>
      )}
    </Dialog>
  );
}

function Entry({ entry, onOpen }: { entry: FileEntry; onOpen: () => void }) {
  const Icon = entry.is_folder ? FolderIcon : FileIcon;
  return (
    <button type="button" onClick={onOpen}>
      <Icon size={15} aria-hidden="true" />
      <span className="picker-file">{nameOf(entry.path)}</span>
      {!entry.is_folder && <span className="picker-size">{sizeText(entry.size_bytes)}</span>}
      <time dateTime={entry.modified}>{localTime(entry.modified)}</time>
    </button>
  );
}

/** Arrows move between the files, beside Tab. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>) {
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!move) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const root = event.currentTarget.getRootNode() as Document | ShadowRoot;
  const place = buttons.indexOf(root.activeElement as HTMLButtonElement);
  buttons[Math.min(buttons.length - 1, Math.max(0, place + move))]?.focus();
}

function folderOf(path: string): string {
  const isElsewhere = /^([a-z][a-z0-9+.-]*:|\/|\\)/i.test(path) || path.includes("{");
  return isElsewhere || !path.includes("/") ? "" : path.slice(0, path.lastIndexOf("/"));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function parts(folder: string): [string, string][] {
  const names = folder.split("/").filter(Boolean);
  return names.map((name, place) => [name, names.slice(0, place + 1).join("/")]);
}

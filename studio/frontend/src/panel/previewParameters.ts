import { createStore, type StoreApi } from "zustand/vanilla";
import { useStore } from "zustand";
import type { DesignerStore } from "../store";

type Values = Record<string, unknown>;

const stores = new WeakMap<DesignerStore, StoreApi<Values>>();

function valuesOf(designer: DesignerStore): StoreApi<Values> {
  const known = stores.get(designer) ?? createStore<Values>()(() => ({}));
  stores.set(designer, known);
  return known;
}

/** What people gave for the parameters of previews; it is kept as long as the page is open, and never in the document. */
export function previewParameters(designer: DesignerStore): Values {
  return valuesOf(designer).getState();
}

/** The same, for a component: it renders anew when one changes. */
export function usePreviewParameters(designer: DesignerStore): Values {
  return useStore(valuesOf(designer));
}

/** Gives a parameter a value for previews; undefined takes it away. */
export function setPreviewParameter(designer: DesignerStore, name: string, value: unknown): void {
  const { [name]: _before, ...rest } = valuesOf(designer).getState();
  valuesOf(designer).setState(value === undefined ? rest : { ...rest, [name]: value }, true);
}

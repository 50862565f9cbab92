import { createContext, useContext } from "react";
import type { Option } from "../controls/Combobox";
import type { Column, SecretName, SqlFunction } from "../messages";

/** What the fields of a form may offer. */
export interface FormSurroundings {
  /** Input of the step → its columns; null where only a run can tell. */
  inputs: Record<string, Column[] | null>;
  functions: SqlFunction[];
  parameters: string[];
  /** Secrets that a text may refer to. */
  secrets: readonly SecretName[];
  /** Datasets of the pipeline. */
  datasets?: readonly Option[];
  /** The type of the column that the form is about; undefined where it is not known. */
  valueType?: string | undefined;
}

export const FormContext = createContext<FormSurroundings>({ inputs: {}, functions: [], parameters: [], secrets: [] });

/** The columns that a field means: of the input it names (by name, or by place from 0), or of all. */
export function useColumns(input: string): Column[] {
  const { inputs } = useContext(FormContext);
  const given = inputs[input] ?? Object.values(inputs)[/^\d+$/.test(input) ? Number(input) : -1];
  if (given) return given;
  if (input !== "") return [];
  const seen = new Map(Object.values(inputs).flatMap((columns) => (columns ?? []).map((column) => [column.name, column])));
  return [...seen.values()];
}

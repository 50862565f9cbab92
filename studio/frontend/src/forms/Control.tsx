import type { ComponentType } from "react";
import { AnyInput, ChoiceInput, NumberInput, TextInput } from "./inputs";
import { ListInput } from "./ListInput";
import { MapInput } from "./MapInput";
import type { FieldProblem } from "./problems";
import type { Field } from "./schema";
import { ObjectInput, VariantsInput } from "./nested";
import { DatasetInput, LinesInput, ShareInput, ValueInput, ValuesInput } from "./values";
import { AggregateInput, ColumnInput, ColumnsInput, ExpressionInput, OperatorInput, TypeInput } from "./widgets";

/** What every control of a field gets; `undefined` stands for no value, and removes it. */
export interface ControlProps {
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
  problems: readonly FieldProblem[];
  id: string;
  label?: string;
  describedBy?: string;
  isInvalid?: boolean;
}

const byWidget: Record<string, ComponentType<ControlProps>> = {
  column: ColumnInput,
  columns: ColumnsInput,
  expression: ExpressionInput,
  operator: OperatorInput,
  aggregate: AggregateInput,
  type: TypeInput,
  dataset: DatasetInput,
  value: ValueInput,
  values: ValuesInput,
  share: ShareInput,
  lines: LinesInput,
};

const byKind: Record<Field["kind"], ComponentType<ControlProps>> = {
  text: TextInput,
  number: NumberInput,
  integer: NumberInput,
  choice: ChoiceInput,
  list: ListInput,
  map: MapInput,
  object: ObjectInput,
  variants: VariantsInput,
  any: AnyInput,
};

/** The control of a field: by its widget, else by its kind. */
export function Control(props: ControlProps) {
  const Chosen = byWidget[props.field.widget] ?? byKind[props.field.kind];
  return <Chosen {...props} />;
}

import type { z } from "zod";
import type { InputSchema, Problem } from "./resource";
import { formatPath, type Properties } from "./secrets";
import { holdsUnknown } from "./unknowns";

/**
 * Parses inputs and fills in defaults. Where a preview does not know all values, the properties are parsed one by one: one that holds an
 * unknown value stays as it is, and what cannot be judged yet is no problem.
 */
export function parseInputs<Inputs>(
  schema: InputSchema<Inputs>,
  given: Properties,
): { value: Properties; problems: Problem[] } {
  if (!holdsUnknown(given)) {
    const parsed = schema.safeParse(given);
    return parsed.success
      ? { value: parsed.data as Properties, problems: [] }
      : { value: given, problems: parsed.error.issues.flatMap(problemsOf) };
  }
  const value: Properties = {};
  const problems = Object.keys(given)
    .filter((key) => !(key in schema.shape))
    .map((key) => ({ property: key, reason: "there is no such property" }));
  for (const [key, property] of Object.entries(schema.shape)) {
    const parsed = property.safeParse(given[key]);
    if (parsed.success) value[key] = parsed.data;
    else {
      value[key] = given[key];
      if (!holdsUnknown(given[key])) problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue, key)));
    }
  }
  return { value, problems };
}

function problemsOf(issue: z.core.$ZodIssue, below: string | number = ""): Problem[] {
  const path = [
    ...(typeof below === "string" && below ? [below] : []),
    ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step)),
  ];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ property: formatPath([...path, key]), reason: "there is no such property" }));
  }
  return [{ property: formatPath(path), reason: issue.message }];
}

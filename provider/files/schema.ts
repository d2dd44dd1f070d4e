import { z } from "zod";

/** An absolute path on the board, without `.` and `..` and without control characters. */
export const absolutePath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/\p{Cc}]+)+$/u, "must be an absolute path to a file, without . and .. in it");

/** Octal file mode of four digits; `"0644"`. A string, because a number would be read as decimal. */
export const fileMode = z.string().regex(/^[0-7]{4}$/, 'must be four octal digits in quotes, such as "0644"');

/** A user or group on the board, by name or number. */
export const accountName = z
  .string()
  .regex(/^([a-z_][a-z0-9_-]*\$?|[0-9]+)$/i, "must be the name or number of an account");

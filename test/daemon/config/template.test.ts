/** Prompt templates. */
import { expect, test } from "vitest";
import { fillTemplate, placeholdersOf } from "../../../daemon/config/template.ts";

test.each([
  ["a {domain}photo of a {class}", "river", "satellite", "a satellite photo of a river"],
  ["a {domain}photo of a {class}", "cat", "", "a photo of a cat"],
  ["a {domain}photo of a {class}", "cat", " pet ", "a pet photo of a cat"],
  ["{class}, {class}", "$& {domain}", "x", "$& {domain}, $& {domain}"],
])("%s", (template, className, domain, prompt) => expect(fillTemplate(template, { className, domain })).toBe(prompt));

test("placeholders are listed as written", () => {
  expect(placeholdersOf("a {clas} {} {domain}{")).toEqual(["clas", "", "domain"]);
});

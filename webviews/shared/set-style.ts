/**
 * Style properties of an element that are computed, set through the CSS object model: a content security policy without
 * 'unsafe-inline' refuses style attributes, and Lit's own styleMap writes one when it draws an element first.
 *
 *   html`<div ${setStyle({ top: "12px" })}></div>`
 */

import type { ElementPart } from "lit";
import { noChange } from "lit";
import { Directive, directive } from "lit/directive.js";

export type StyleProperties = { readonly [name: string]: string };

class SetStyle extends Directive {
  #set: StyleProperties = {};

  override render(_properties: StyleProperties): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [properties]: [StyleProperties]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(properties)) {
      if (this.#set[name] !== value) style.setProperty(name, value);
    }
    for (const name of Object.keys(this.#set)) {
      if (!(name in properties)) style.removeProperty(name);
    }
    this.#set = properties;
    return noChange;
  }
}

export const setStyle = directive(SetStyle);

/** A base64 PNG as an address that an image element can show; revoke it when it is no longer shown. */

export function pngUrl(base64: string): string {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}

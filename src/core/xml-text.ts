/** What stands in XML for the signs that have a meaning there. */
export const xmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** A text as it stands in XML, in an element or an attribute. Never throws. */
export const xmlText = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (sign) => xmlEntities[sign] ?? sign)

// Countries: their names in the page's language, and the selection of the country that a
// phone number is dialled in.

import { byId } from "./dom";
import { LANGUAGE } from "./texts";

/** Region codes without phone numbers of their own. */
const WITHOUT_PHONES = "AQ BV CP CQ DG EA EU EZ GS HM IC PN QO TF UM UN XA XB ZZ";

const regions = new Intl.DisplayNames(LANGUAGE, { type: "region", fallback: "none" });

/** Returns a country's name with its code. */
export function country(code: string): string {
  const name = /^[A-Z]{2}$/.test(code) && regions.of(code);
  return name ? `${name} (${code})` : code;
}

/** Adds all countries to a selection, sorted by name. */
export function offerCountries(select: HTMLSelectElement): void {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  // `Intl.Locale` replaces a retired code with its successor.
  const current = (code: string) => new Intl.Locale(`und-${code}`).region === code;
  const known = codes.filter((code) => !WITHOUT_PHONES.includes(code) && regions.of(code) && current(code));
  const options = known.map((code) => new Option(country(code), code));
  const order = new Intl.Collator(LANGUAGE);
  select.append(...options.sort((a, b) => order.compare(a.text, b.text)));
}

/** Returns the country of the user: that of the browser's languages, first of those in the
    page's language. */
function here(): string | undefined {
  const locales = [...navigator.languages, LANGUAGE].map((tag) => new Intl.Locale(tag));
  const read = locales.filter(({ language }) => language === new Intl.Locale(LANGUAGE).language);
  return [...read, ...locales].find(({ region }) => region)?.region ?? new Intl.Locale(LANGUAGE).maximize().region;
}

/** Shows the selection of a country beside a phone number, or hides it. */
export function askForCountry(shown: boolean): void {
  const select = byId<HTMLSelectElement>("country");
  byId("country-field").hidden = !shown;
  // A disabled field is not sent.
  select.disabled = !shown;
  if (!shown || select.options.length) return;
  offerCountries(select);
  select.value = here() ?? "";
}

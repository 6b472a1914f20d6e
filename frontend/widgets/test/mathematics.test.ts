import { expect, it } from "vitest";
import { mathematics } from "../src/common/mathematics";

function shown(markup: string): HTMLElement {
  const holder = document.createElement("div");
  holder.append(mathematics(markup));
  return holder;
}

it("draws MathML", () => {
  const made = shown('<math display="block"><mi mathvariant="italic">x</mi><mo>+</mo><mn>1</mn></math>');
  expect(made.querySelector("mi")?.namespaceURI).toBe("http://www.w3.org/1998/Math/MathML");
  expect(made.querySelector("mi")?.getAttribute("mathvariant")).toBe("italic");
  expect(made.textContent).toBe("x+1");
});

it.each([
  '<math><mi onclick="alert(1)" href="javascript:alert(1)">x</mi></math>',
  "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
  "<script>alert(1)</script>",
  "<math><annotation-xml encoding='text/html'><iframe srcdoc='x'></iframe></annotation-xml></math>",
])("lets nothing else through: %s", (markup) => {
  const made = shown(markup);
  expect(made.querySelector("img, script, iframe, a")).toBeNull();
  for (const node of made.querySelectorAll("*"))
    for (const { name } of node.attributes) expect(name).not.toMatch(/^on|href|src/);
});

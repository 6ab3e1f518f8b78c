// The report until the page of the report is there.
export function mount(element, data) {
  const area = document.createElement("pre");
  element.replaceChildren(area);
  const update = (found) => (area.textContent = found.markdown);
  update(data);
  return { update };
}

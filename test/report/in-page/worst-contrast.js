// WCAG 2.2, 1.4.3: the least ratio of a text to what it stands on.
() => {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r = 0, g = 0, b = 0] = channels(color).map((c) => {
      const part = c / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if ((channels(backgroundColor)[3] ?? 1) > 0) return backgroundColor;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  // In the picture the boxes are darker than the paper, or lighter than the dark one.
  const box = document.querySelector("rect.netns");
  let worst = { ratio: 21, of: "" };
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim() !== "");
    if (!hasText || element.closest("desc, title") !== null) continue;
    const { color, fill } = getComputedStyle(element);
    const isDrawn = element instanceof SVGElement;
    const ground = isDrawn ? getComputedStyle(box).fill : behind(element);
    const [light, dark] = [luminance(isDrawn ? fill : color), luminance(ground)].sort((x, y) => y - x);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < worst.ratio) worst = { ratio, of: `${element.tagName} ${element.textContent}` };
  }
  return worst;
};

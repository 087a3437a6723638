() => ({
  title: document.title,
  strange: document.querySelectorAll("script, img, iframe, object, embed, link, form, svg svg").length,
  handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name)))
    .length,
  links: [...document.querySelectorAll("a")].filter((a) => !/^#e\d+$/.test(a.getAttribute("href"))).length,
  text: document.body.innerText,
});

() => ({
  ports: document.querySelectorAll("svg .port").length,
  last: document.querySelectorAll("svg .halo").length,
  named: document.querySelector("svg title").textContent,
  told: document.querySelector("svg desc").textContent,
  lang: document.documentElement.lang,
  sections: document.querySelectorAll("main section").length,
});

() => [document.documentElement.scrollWidth, innerWidth];

// The theme would call it from its markup, which the policy of a page refuses.
document.querySelector(".btn-download-pdf-button")?.addEventListener("click", () => print());

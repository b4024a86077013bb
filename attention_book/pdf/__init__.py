"""The whole book as one PDF, printed from the built pages by Chromium.

`collect` takes each page as a browser shows it, `document` sets all of them in one, `fit.js`
fits that to its sheets, `printing` prints it twice (the second time with the page numbers of the
first), and `finish` adds the outline and the metadata.
"""

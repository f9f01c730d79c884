"""Opens reports in a real headless Chromium: `python3 tests/browser/check.py NETPROVE [KEEP]`.

Checks of the pages of all examples, and of the tour's, that they load without errors and ask for nothing, that
every picture is drawn and named, and that a phone 400 pixels wide scrolls none of them sideways, in light colours
and in dark ones; and of some that a matrix picture's pixels are the matrix's colours, that dark mode is dark, and
that they can be printed. Needs Debian's `chromium` and Python's standard library. With KEEP, a folder, screenshots
are kept there.
"""

import html
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

NETPROVE = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PASSED = FAILED = 0


def check(holds, what):
    global PASSED, FAILED
    if holds:
        PASSED += 1
    else:
        FAILED += 1
        print("FAILED:", what)


def chromium(page, *arguments, size=(1000, 3000), dark=False):
    """Runs Chromium on a page; its standard output and its log."""
    with tempfile.TemporaryDirectory() as profile:
        command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        command += ["--allow-file-access-from-files", "--enable-logging=stderr", "--virtual-time-budget=60000"]
        command += [f"--user-data-dir={profile}", "--window-size=%d,%d" % size, "--force-device-scale-factor=1"]
        command += ["--force-dark-mode"] if dark else []
        done = subprocess.run(command + [*arguments, page.as_uri()], capture_output=True, timeout=300)
        return done.stdout.decode(), done.stderr.decode(errors="replace")


def pixels(png):
    """The rows of (red, green, blue) of a PNG file without interlacing."""
    data = png.read_bytes()
    at, chunks, header = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        at += 12 + length
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        if kind == b"IDAT":
            chunks += body
    width, height, depth, colour, _, _, _ = header
    assert depth == 8 and colour in (2, 6)
    step = 3 if colour == 2 else 4
    raw, rows, before = zlib.decompress(chunks), [], bytearray(width * step)
    for y in range(height):
        line = bytearray(raw[y * (width * step + 1) + 1:(y + 1) * (width * step + 1)])
        kind = raw[y * (width * step + 1)]
        for x in range(len(line)):
            left = line[x - step] if x >= step else 0
            up, corner = before[x], before[x - step] if x >= step else 0
            if kind == 1:
                line[x] = (line[x] + left) & 255
            elif kind == 2:
                line[x] = (line[x] + up) & 255
            elif kind == 3:
                line[x] = (line[x] + (left + up) // 2) & 255
            elif kind == 4:
                p = left + up - corner
                near = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))
                line[x] = (line[x] + near[2]) & 255
        rows.append([tuple(line[x:x + 3]) for x in range(0, len(line), step)])
        before = line
    return rows


MEASURE = """<!DOCTYPE html><meta charset=utf-8><iframe id=f style="border:0;width:%(width)dpx;height:9000px"></iframe>
<pre id=out>nothing</pre><script>
const names = %(names)s, seen = {}, frame = document.getElementById('f');
let at = -1;
frame.onload = () => {
  if (at >= 0) seen[names[at]] = look(frame.contentDocument, frame.contentWindow);
  at += 1;
  if (at < names.length) frame.src = names[at];
  else document.getElementById('out').textContent = JSON.stringify(seen);
};
frame.src = 'about:blank';
function look(d, w) {
  const all = [...d.querySelectorAll('main svg')].map(s => s.getBoundingClientRect());
  const cells = !%(cells)s ? [] : [...d.querySelectorAll('svg.raster rect.p, svg.raster rect.n')].map(r => {
    const b = r.getBoundingClientRect();
    return [b.x + b.width / 2, b.y + b.height / 2, r.getAttribute('class'), +(r.getAttribute('fill-opacity') || 1), r.querySelector('title').textContent, b.width];
  });
  // What sticks out of the page, and does not scroll by itself.
  const wide = [...d.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > %(width)d + .5 && !inside(e, d, w));
  return {
    width: d.documentElement.scrollWidth, svgs: all.length, empty: all.filter(b => b.width < 4 || b.height < 4).length, cells,
    wide: wide.slice(0, 3).map(e => e.tagName + ' ' + e.textContent.slice(0, 40)),
    paper: getComputedStyle(d.body).backgroundColor, ink: getComputedStyle(d.body).color, height: d.documentElement.scrollHeight,
    headings: d.querySelectorAll('h1, h2, h3').length,
    unnamed: [...d.querySelectorAll('main svg:not([aria-hidden])')].filter(s => !s.querySelector('title')).length,
    requests: w.performance.getEntriesByType('resource').map(r => r.name),
  };
}
function inside(e, d, w) {
  for (let p = e.parentElement; p && p !== d.body; p = p.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(w.getComputedStyle(p).overflowX)) return true;
  return false;
}
</script>"""


def measured(folder, names, width, dark=False, cells=False):
    """What a script beside the pages sees of them, one after the other."""
    frame = folder / "frame.html"
    frame.write_text(MEASURE % {"width": width, "names": json.dumps(names), "cells": json.dumps(cells)})
    dom, log = chromium(frame, "--dump-dom", size=(max(width, 600), 1200), dark=dark)
    found = re.search(r'<pre id="out">(.*?)</pre>', dom, re.S)
    errors = [line for line in log.splitlines() if "CONSOLE" in line or "Refused" in line]
    check(not errors, f"pages without errors: {errors[:2]}")
    check(found and found[1] != "nothing", f"pages load at {width}: {log[-300:]}")
    return json.loads(html.unescape(found[1]))


def blended(colour, paper, opacity):
    return [round(c * opacity + p * (1 - opacity)) for c, p in zip(colour, paper)]


def hexadecimal(style, name, which):
    values = re.findall(rf"--{name}: (#[0-9a-f]+)", style)
    digits = values[which][1:]
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    return [int(digits[i:i + 2], 16) for i in (0, 2, 4)]


def main():
    if not CHROMIUM:
        sys.exit("there is no chromium here")
    keep = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    style = (ROOT / "src/report/html/style.css").read_text()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sources = ["examples/tour", "examples", "examples/gallery", "examples/bugs"]
        done = subprocess.run([NETPROVE, "--format", "html", "--output", f"{folder}/", *sources], cwd=ROOT)
        check(done.returncode == 0, "the pages are written")
        files = [path for source in sources for path in (ROOT / source).glob("*.net")]
        shutil.copy(ROOT / "docs/tour.html", folder / "the-tour.html")
        pages = sorted(folder.glob("*.html"))
        check(len(pages) == len(files) + 2, f"a page a file, an index and the tour: {len(pages)}")
        index = (folder / "index.html").read_text()
        for target in re.findall(r'href="([a-z0-9_-]+\.html)(?:#([a-z0-9-]+))?"', index):
            inside = (folder / target[0]).read_text()
            check(not target[1] or f'id="{target[1]}"' in inside, f"the index's link to {target}")
        for page in pages:
            # The tour leads to other documents; nothing else leads anywhere.
            other = r"[a-z0-9_-]+\.html|(?:\.\./)?[a-z/]+(?:\.md|README\.md)" if page.name == "the-tour.html" else r"[a-z0-9_-]+\.html"
            check(not re.search(rf'(?:src|href)="(?!#|data:|{other})', page.read_text()), f"{page.name} asks for nothing")
        # That requests are seen at all.
        (folder / "asking.html").write_text('<!DOCTYPE html><main><img src="http://127.0.0.1:9/missing.png"></main>')
        check(measured(folder, ["asking.html"], 400)["asking.html"]["requests"], "a request is seen")
        (folder / "asking.html").unlink()
        # What fits 400 pixels fits 1000, where the next part looks at some pages.
        names = [page.name for page in pages]
        for dark in (False, True):
            for name, seen in measured(folder, names, 400, dark).items():
                check(seen["width"] <= 400 and not seen["wide"], f"{name} is {seen['width']} wide on 400: {seen['wide']}")
                check(seen["empty"] == 0 and seen["unnamed"] == 0, f"{name}: pictures drawn and named")
                check(name == "index.html" or seen["svgs"] > 0, f"{name} has pictures")
                check(seen["headings"] > 1, f"{name} has headings")
                check(not seen["requests"], f"{name} asks for {seen['requests']}")
                paper = [int(c) for c in re.findall(r"\d+", seen["paper"])[:3]]
                check((sum(paper) < 200) == dark, f"{name}, dark {dark}: paper {paper}")
        for page, dark in [(folder / "residual.html", False), (folder / "residual.html", True), (folder / "05-relu.html", False)]:
            seen = measured(folder, [page.name], 1000, dark, cells=True)[page.name]
            shot = (keep or folder) / f"{page.stem}-{'dark' if dark else 'light'}.png"
            height = min(seen["height"] + 20, 12000)
            chromium(page, f"--screenshot={shot}", size=(1000, height), dark=dark)
            rows = pixels(shot)
            cell = hexadecimal(style, "cell", int(dark))
            hues = {"p": hexadecimal(style, "pos", int(dark)), "n": hexadecimal(style, "neg", int(dark))}
            compared = 0
            # Larger cells have their number written in the middle.
            for x, y, kind, opacity, title, size in seen["cells"]:
                x, y = (x, y) if size < 24 else (x, y - 9)
                if int(y) >= len(rows) or int(x) >= len(rows[0]):
                    continue
                expected = blended(hues[kind], cell, opacity)
                got = rows[int(y)][int(x)]
                near = all(abs(a - b) <= 6 for a, b in zip(expected, got))
                negative = "= −" in title
                check(near and negative == (kind == "n"), f"{page.name}: {title} is {got}, not {expected}")
                compared += 1
            check(compared > 10, f"{page.name}: {compared} entries compared")
        printed = folder / "printed.pdf"
        chromium(folder / "residual.html", f"--print-to-pdf={printed}")
        check(printed.read_bytes().count(b"/Type /Page\n") >= 2, "a page is printed on pages")
        if keep:
            phone = folder / "phone.html"
            phone.write_text(f'<!DOCTYPE html><iframe style="border:0;width:400px;height:6000px" src="residual.html"></iframe>')
            chromium(phone, f"--screenshot={keep / 'phone.png'}", size=(600, 6000))
            chromium(folder / "index.html", f"--screenshot={keep / 'index.png'}", size=(1000, 1600))
    print(f"browser: {PASSED} passed, {FAILED} failed")
    sys.exit(FAILED > 0)


main()

"""Opens reports in a real headless Chromium: `python3 tests/browser/check.py NETPROVE [KEEP]`.

Checks that pages load without errors or network requests, that every picture is drawn, that a matrix
picture's pixels are the matrix's colours, that dark mode is dark, and that a phone 400 pixels wide
scrolls no page sideways. Needs Debian's `chromium` and Python's standard library. With KEEP, a folder,
screenshots are kept there.
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
        command += ["--allow-file-access-from-files", "--enable-logging=stderr", "--virtual-time-budget=3000"]
        command += [f"--user-data-dir={profile}", "--window-size=%d,%d" % size, "--force-device-scale-factor=1"]
        command += ["--force-dark-mode"] if dark else []
        done = subprocess.run(command + [*arguments, page.as_uri()], capture_output=True, timeout=120)
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


MEASURE = """<!DOCTYPE html><meta charset=utf-8><iframe id=f style="border:0;width:%(width)dpx;height:9000px" src="%(page)s"></iframe>
<pre id=out>nothing</pre><script>
document.getElementById('f').onload = () => {
  const d = document.getElementById('f').contentDocument;
  const all = [...d.querySelectorAll('svg')].map(s => s.getBoundingClientRect());
  const cells = [...d.querySelectorAll('svg.raster rect.p, svg.raster rect.n')].map(r => {
    const b = r.getBoundingClientRect();
    return [b.x + b.width / 2, b.y + b.height / 2, r.getAttribute('class'), +(r.getAttribute('fill-opacity') || 1), r.querySelector('title').textContent, b.width];
  });
  const m = d.querySelector('main').getBoundingClientRect();
  document.getElementById('out').textContent = JSON.stringify({
    width: d.documentElement.scrollWidth, svgs: all.length, empty: all.filter(b => b.width < 4 || b.height < 4).length, cells,
    paper: getComputedStyle(d.body).backgroundColor, ink: getComputedStyle(d.body).color, height: d.documentElement.scrollHeight,
    headings: d.querySelectorAll('h1, h2, h3').length, main: m.width, unnamed: [...d.querySelectorAll('svg')].filter(s => !s.querySelector('title')).length,
  });
};
</script>"""


def measured(folder, page, width, dark=False):
    """What a script beside the page sees of it."""
    frame = folder / "frame.html"
    frame.write_text(MEASURE % {"width": width, "page": page.name})
    dom, log = chromium(frame, "--dump-dom", size=(max(width, 600), 1200), dark=dark)
    found = re.search(r'<pre id="out">(.*?)</pre>', dom, re.S)
    errors = [line for line in log.splitlines() if "CONSOLE" in line or "Refused" in line]
    check(not errors, f"{page.name} without errors: {errors[:2]}")
    check(found and found[1] != "nothing", f"{page.name} loads at {width}: {log[-300:]}")
    unescaped = html.unescape(found[1])
    return json.loads(unescaped)


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
    style = (ROOT / "src/report/html/style.css").read_text()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = subprocess.run([NETPROVE, "--format", "html", "--output", f"{folder}/", "examples/tour", "examples/residual.net"], cwd=ROOT)
        check(done.returncode == 0, "the pages are written")
        pages = sorted(folder.glob("*.html"))
        check(len(pages) == 12, f"a page a file, and an index: {len(pages)}")
        index = (folder / "index.html").read_text()
        for target in re.findall(r'href="([a-z0-9_-]+\.html)(?:#([a-z0-9-]+))?"', index):
            inside = (folder / target[0]).read_text()
            check(not target[1] or f'id="{target[1]}"' in inside, f"the index's link to {target}")
        for page in pages:
            text = page.read_text()
            check(not re.search(r'(?:src|href)="(?!#|data:|[a-z0-9_-]+\.html)', text), f"{page.name} asks for nothing")
            # What fits 400 pixels fits 1000, where the next part looks at some pages.
            for width in (400,):
                seen = measured(folder, page, width)
                check(seen["width"] <= width, f"{page.name} is {seen['width']} wide on {width}")
                check(seen["empty"] == 0 and seen["unnamed"] == 0, f"{page.name}: pictures drawn and named")
                check(page.name == "index.html" or seen["svgs"] > 0, f"{page.name} has pictures")
                check(seen["headings"] > 1, f"{page.name} has headings")
        for page, dark in [(folder / "residual.html", False), (folder / "residual.html", True), (folder / "05-relu.html", False)]:
            seen = measured(folder, page, 1000, dark)
            paper = [int(c) for c in re.findall(r"\d+", seen["paper"])[:3]]
            check((sum(paper) < 200) == dark, f"{page.name}, dark {dark}: paper {paper}")
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
        if keep:
            phone = folder / "phone.html"
            phone.write_text(f'<!DOCTYPE html><iframe style="border:0;width:400px;height:6000px" src="residual.html"></iframe>')
            chromium(phone, f"--screenshot={keep / 'phone.png'}", size=(600, 6000))
            chromium(folder / "index.html", f"--screenshot={keep / 'index.png'}", size=(1000, 1600))
    print(f"browser: {PASSED} passed, {FAILED} failed")
    sys.exit(FAILED > 0)


main()

"""The page of `knapsack serve` as Chromium shows it: what people do with it, at two widths, light and dark; axe finds nothing."""

import http.client
import re
from urllib.parse import urlencode

import browser
import page_cache
import pytest
from browser import SCHEMES, WIDTHS, chromium, opened  # noqa: F401
from conftest import SHARDED
from serving import serving
from test_made_of_uploads import upload

pytestmark = [pytest.mark.slow, browser.NEEDED]

READY = "document.getElementById('main')?.dataset.shown === location.hash"
INSTRUCT, QUANTIZED = "hf:sackworks/knot-instruct", "hf:quantworks/knot-instruct-GGUF"
MANIFEST = """schema = 1

[bundle]
name = "two-knots"

[[model]]
name   = "knot-base"
source = "hf:sackworks/knot-base@main"

[[model]]
name   = "knot-wide"
source = "hf:sackworks/knot-wide@main"
"""


def view(name: str, **query: str) -> str:
    return f"#/{name}" + (f"?{urlencode(query)}" if query else "")


VIEWS = {
    "models": view("models"), "filtered": view("models", license="mit"), "nothing": view("models", query="zzzz"),
    "elsewhere": view("models", source="hub"), "unreachable": view("models", source="kaggle", query="knot"),
    "model": view("model", id=INSTRUCT), "hostile": view("model", id="hf:mallory/hostile-card"),
    "broken": view("model", id="hf:sackworks/knot-broken"), "garbage": view("model", id="hf:mallory/garbage"),
    "data-set": view("model", id="hf-dataset:sackworks/sentences"), "adapter": view("model", id="hf:sackworks/knot-adapter"),
    "compare": view("compare", first=INSTRUCT, second=QUANTIZED), "choose": view("compare"), "bundles": view("bundles"),
    "health": view("health"), "jobs": view("jobs"),
}


@pytest.fixture(scope="module")
def shelf(knapsack, hub, tmp_path_factory):
    """A server over models of many kinds. What it installs comes from the stand-in for the Hub."""
    directory = tmp_path_factory.mktemp("page")
    (directory / "hub").mkdir()
    page_cache.fill(directory / "hub")
    variables = {
        "HF_ENDPOINT": hub.url, "KNAPSACK_CACHE_DIR": str(directory / "index"), "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
    }
    runner = knapsack.with_caches(directory / "hub", directory / "kaggle", **variables)
    with serving(runner, "--catalogue", str(directory / "catalogue")) as server:
        server.hub = directory / "hub"
        yield server


@pytest.fixture
def tab(chromium, shelf):  # noqa: F811
    with opened(chromium, origin=shelf.url) as watched:
        yield watched


def go(watched, server, place: str = "#/models") -> None:
    watched.page.goto(f"{server.url}/{place}")
    watched.wait(READY)


def raw(server, path: str, method: str = "GET", **fields: str):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


# MARK: What it is made of


def test_the_files_of_the_page(shelf):
    status, fields, body = raw(shelf, "/")
    assert status == 200 and fields["content-type"] == "text/html; charset=utf-8"
    policy = fields["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "http" not in policy
    assert browser.html_faults(body) == []
    files = set(re.findall(r'(?:src|href)="(/page/[^"]+)"', body))
    while True:
        scripts = [file for file in files if file.endswith(".js")]
        more = {f"/page/{name}" for file in scripts for name in re.findall(r'from "\./([^"]+)"', raw(shelf, file)[2])}
        if more <= files:
            break
        files |= more
    assert len(files) > 10
    for file in files:
        status, fields, text = raw(shelf, file)
        assert status == 200 and fields["x-content-type-options"] == "nosniff", file
        assert raw(shelf, file, If_None_Match=fields["etag"])[0] == 304
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), file
        assert not re.search(r"""["'(]https?://(?!www\.w3\.org/2000/svg)[a-z]""", text), file
    assert raw(shelf, "/page/none.js")[0] == 404 and raw(shelf, "/page/..%2fPackage.swift")[0] == 400
    assert raw(shelf, "/", Host="evil.example")[0] == 421 and raw(shelf, "/page/app.js", Host="evil.example")[0] == 421


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_view_has_no_barriers(chromium, shelf, width, scheme, request):  # noqa: F811
    pictures = request.config.cache.mkdir("page")
    with opened(chromium, width, scheme, origin=shelf.url) as watched:
        for name, place in VIEWS.items():
            go(watched, shelf, place)
            watched.page.wait_for_timeout(150)
            assert watched.barriers() == [], name
            assert not watched.is_too_wide(), name
            assert watched.complaints == [], name
            watched.page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)


# MARK: What people do


def test_search_and_filters(tab, shelf):
    page = tab.page
    go(tab, shelf)
    assert page.locator(".models > li").count() == 13
    page.get_by_label("Search for").fill("knot instruct")
    page.keyboard.press("Enter")
    tab.wait("document.querySelectorAll('.models > li').length === 2")
    assert "query=knot+instruct" in page.url
    go(tab, shelf)
    page.get_by_label("Licence").select_option("mit")
    tab.wait("document.querySelectorAll('.models > li').length === 5")
    page.get_by_label("Framework or format").select_option("peft")
    tab.wait("document.querySelectorAll('.models > li').length === 1")
    page.get_by_role("button", name="Clear all").click()
    tab.wait("document.querySelectorAll('.models > li').length === 13")
    page.get_by_label("Sorted by").select_option("size")
    tab.wait("document.querySelector('.models h2').textContent === 'sackworks/knot-wide'")
    page.get_by_label("At most").select_option("100000000")
    page.get_by_label("whole in a cache").check()
    tab.wait("!document.body.textContent.includes('halfway/interrupted')")
    page.go_back()
    tab.wait("document.body.textContent.includes('halfway/interrupted')")
    assert tab.complaints == []


def test_a_models_page(tab, shelf):
    page = tab.page
    go(tab, shelf)
    page.get_by_role("link", name="sackworks/knot-instruct", exact=True).click()
    tab.wait("document.querySelector('h1')?.textContent === 'sackworks/knot-instruct'")
    assert page.title() == "sackworks/knot-instruct – Knapsack"
    text = page.locator("main").inner_text()
    for wanted in ("apache-2.0", "LlamaForCausalLM", "295K", "BF16", "38 tensors", "5 files", "2 × T4", "with care"):
        assert wanted in text, wanted
    line = page.locator(".line li").all_inner_texts()
    assert [entry.split("\n")[0] for entry in line] == [
        "sackworks/knot-base", "sackworks/knot-instruct", "quantworks/knot-instruct-GGUF"]
    assert page.locator(".card-text table th").all_inner_texts() == ["Benchmark", "Score", "Shots"]
    assert page.locator(".card-text li li").count() == 2 and page.locator(".card-text img").count() == 0
    page.get_by_role("button", name="Show the whole card").click()
    assert page.get_by_role("button", name="Show less").get_attribute("aria-expanded") == "true"
    page.get_by_text("Names and shapes").click()
    assert page.locator("details table tbody tr").count() == 38
    page.get_by_role("link", name="sackworks/knot-base").click()
    tab.wait("document.querySelector('h1')?.textContent === 'sackworks/knot-base'")
    assert tab.complaints == []


def test_lines_are_copied(chromium, shelf):  # noqa: F811
    with opened(chromium, origin=shelf.url, permissions=["clipboard-read", "clipboard-write"]) as watched:
        go(watched, shelf, view("model", id=INSTRUCT))
        watched.page.get_by_role("button", name="Copy Lines for a manifest").click()
        watched.wait("document.getElementById('status').textContent.includes('copied')")
        copied = watched.page.evaluate("navigator.clipboard.readText()")
        assert copied == '[[model]]\nname   = "knot-instruct"\nsource = "hf:sackworks/knot-instruct@main"'


def test_a_hostile_card_is_text(tab, shelf):
    page = tab.page
    go(tab, shelf, view("model", id="hf:mallory/hostile-card"))
    page.get_by_text("Names and shapes").click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.broken") is None
    made = set(page.evaluate("[...document.querySelectorAll('.card-text *')].map(one => one.localName)"))
    assert made <= {"a", "blockquote", "br", "code", "del", "div", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span",
                    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
    attributes = page.evaluate(
        "[...document.querySelectorAll('.card-text *')].flatMap(one => [...one.attributes].map(attribute => attribute.name))")
    assert set(attributes) <= {"href", "rel", "target", "class", "tabindex", "role", "aria-label", "scope", "start"}
    links = page.evaluate("[...document.querySelectorAll('main a')].map(one => one.getAttribute('href'))")
    assert links and all(re.match(r"https?://|#/", link) for link in links), links
    assert "window.broken = 13" in page.locator(".card-text").inner_text()
    assert tab.complaints == []


def test_no_markdown_makes_anything_else(tab, shelf):
    """Cards that are made of pieces by chance, and some that would take long, read by the page's own module."""
    go(tab, shelf)
    found = tab.page.evaluate("""async () => {
      const { render } = await import("/page/markdown.js");
      const pieces = ["<script>", "</script>", "<img src=x onerror=alert(1)>", "[", "](", ")", "javascript:alert(1)", "`", "```\\n", "*",
        "**", "_", "~~", "#", "# ", "\\n", "\\n\\n", "> ", "- ", "1. ", "|", "| --- |\\n", "<", ">", "&", "&#106;", "&lt;", "\\\\", "!",
        "https://a.example/", "http://", "<!--", "-->", "<a href='javascript:x'>", "text ", "    ", "<style>", "data:text/html,x", "\\t", "=\\n"];
      let seed = 20261130;
      const next = () => { seed = (seed * 1103515245 + 12345) & 0x7fffffff; return seed / 0x7fffffff; };
      const bad = [];
      const names = new Set();
      for (let round = 0; round < 3000; round += 1) {
        let text = "";
        for (let index = 0; index < 40; index += 1) text += pieces[Math.floor(next() * pieces.length)];
        const box = document.createElement("div");
        box.append(...render(text));
        for (const one of box.querySelectorAll("*")) {
          names.add(one.localName);
          for (const { name, value } of one.attributes) {
            if (name.startsWith("on") || (name === "href" && !/^(https?:|mailto:)/.test(value))) bad.push([text, name, value]);
          }
        }
      }
      const slow = [];
      for (const part of ["[", "![", "*a ", "_a ", "`", "``` ", "<", "<a ", "<!--", "> ", "- ", "|", "(", "[a](", "~~a ", "<script>", "&#"]) {
        const start = performance.now();
        render(part.repeat(Math.floor(400000 / part.length)));
        if (performance.now() - start > 5000) slow.push([part, performance.now() - start]);
      }
      return { bad, names: [...names], slow };
    }""")
    assert found["bad"] == [] and found["slow"] == []
    assert not set(found["names"]) & {"script", "img", "style", "iframe", "form", "input", "svg", "object", "link", "meta", "base"}


def test_two_models_side_by_side(tab, shelf):
    page = tab.page
    go(tab, shelf)
    for name in ("sackworks/knot-base", "quantworks/knot-instruct-GGUF"):
        page.get_by_label(f"Compare {name}", exact=True).check()
    page.get_by_role("button", name="Compare", exact=True).click()
    tab.wait("document.querySelectorAll('.sides tbody tr').length > 10")
    rows = {row.split("\t")[0]: row.split("\t")[1:] for row in page.locator(".sides tbody tr").all_inner_texts()}
    assert rows["Formats"][0].startswith("safetensors") and rows["Formats"][1].startswith("gguf")
    assert rows["Licence"] == ["apache-2.0", "apache-2.0"]
    page.get_by_label("Second").select_option("hf:sackworks/knot-wide")
    tab.wait("document.querySelector('.sides thead').textContent.includes('knot-wide')")
    assert tab.complaints == []


def test_the_health_of_the_caches(tab, shelf):
    go(tab, shelf, "#/health")
    tab.wait("document.querySelector('main').innerText.includes('Corrupted (1)')")
    text = tab.page.locator("main").inner_text()
    for wanted in ("hf:sackworks/knot-broken", "hf:halfway/interrupted", "Broken off (1)", "Double (1)", "hf download halfway/interrupted"):
        assert wanted in text, wanted


@pytest.mark.slow
def test_another_form_is_made(tab, shelf):
    page = tab.page
    go(tab, shelf, view("model", id="hf:sackworks/knot-instruct"))
    tab.wait("!!document.querySelector('#form')", 30)
    page.get_by_label("Form", exact=True).select_option("f16")
    assert tab.barriers() == [] and not tab.is_too_wide()
    page.get_by_role("button", name="Make it").click()
    tab.wait("/^(done|failed)/.test(document.querySelector('.made')?.innerText.trim() ?? '')", 90)
    assert page.locator(".made").inner_text().strip() == "done"
    assert page.get_by_role("link", name="Download").get_attribute("href").endswith("/download")
    assert tab.barriers() == [] and tab.complaints == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_another_form_of_what_was_uploaded(chromium, knapsack, tmp_path, width, scheme, request):  # noqa: F811
    """Made on its page, it is a model of its own: with its measured error there, on the original's page, beside it, and among the jobs."""
    pictures = request.config.cache.mkdir("page")
    (tmp_path / "hub").mkdir()
    with serving(knapsack.with_caches(tmp_path / "hub"), "--catalogue", str(tmp_path / "c")) as server:
        upload(server, "anna", "tiny", {}, tags="small", description="A small model for tests")
        with opened(chromium, width, scheme, origin=server.url) as watched:
            page = watched.page

            def looked_at(name: str) -> str:
                page.wait_for_timeout(150)
                page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)
                assert watched.barriers() == [] and not watched.is_too_wide() and watched.complaints == [], name
                return page.locator("main").inner_text()

            original = view("model", id="local:anna/tiny")
            go(watched, server, original)
            watched.wait("!!document.querySelector('#form')", 30)
            page.get_by_label("Form", exact=True).select_option("Q8_0")
            looked_at("uploaded")
            page.get_by_role("button", name="Make it").click()
            watched.wait("/^(done|failed)/.test(document.querySelector('.made')?.innerText.trim() ?? '')", 90)
            looked_at("uploaded-made")
            page.get_by_role("link", name="local:anna/tiny-Q8_0").click()
            watched.wait("document.querySelector('h1')?.textContent === 'anna/tiny-Q8_0'")
            assert "dB signal to noise" in looked_at("made")
            go(watched, server, original)
            assert "anna/tiny-Q8_0" in (text := looked_at("lineage")) and "dB signal to noise" in text
            go(watched, server, "#/jobs")
            assert "Against the original:" in looked_at("jobs-made")
            go(watched, server, view("compare", first="local:anna/tiny", second="local:anna/tiny-Q8_0"))
            assert "Measured against its original" in looked_at("compare-made")


def test_installing_with_progress(chromium, knapsack, hub, tmp_path):  # noqa: F811
    (tmp_path / "hub").mkdir()
    runner = knapsack.with_caches(tmp_path / "hub", HF_ENDPOINT=hub.url, KNAPSACK_CACHE_DIR=str(tmp_path / "index"))
    with serving(runner) as server, opened(chromium, origin=server.url) as watched:
        page = watched.page
        go(watched, server)
        assert "There is nothing here yet" in page.locator("main").inner_text()
        states = []
        page.expose_function("noteState", lambda text: states.append(text))
        go(watched, server, view("model", id=f"hf:{SHARDED}"))
        assert "There is no such model" in page.locator("main").inner_text() or "no such model" in page.locator("main").inner_text()
        watched.complaints.clear()
        # The stand-in has no search: the page is told what a search would find.
        page.evaluate(f"""async () => {{
          const {{ installButton }} = await import("/page/install.js");
          const place = installButton("hf:{SHARDED}", "{SHARDED}", {{ isHere: false, signal: new AbortController().signal }});
          document.querySelector("main").append(place);
          new MutationObserver(() => noteState(place.innerText)).observe(place, {{ childList: true, subtree: true }});
        }}""")
        page.get_by_role("button", name=f"Install {SHARDED}").click()
        watched.wait("document.querySelector('.install').innerText.trim() === 'done'", 60)
        assert states and watched.complaints == []
        go(watched, server, "#/jobs")
        assert "done" in page.locator(".issues").inner_text() and SHARDED in page.locator(".issues").inner_text()
        assert watched.barriers() == []
        page.wait_for_timeout(1500)
        go(watched, server)
        page.get_by_role("link", name=SHARDED).click()
        watched.wait(f"document.querySelector('h1')?.textContent === '{SHARDED}'")
        go(watched, server, "#/jobs")
        page.get_by_role("button", name="Forget").first.click()
        watched.wait("document.querySelectorAll('.issues > li').length === 0")


def test_a_bundle_with_the_treemap_of_its_bytes(tab, shelf):
    page = tab.page
    go(tab, shelf, "#/bundles")
    page.get_by_label("Manifest").fill(MANIFEST)
    page.get_by_role("button", name="Make it").click()
    tab.wait("!!document.querySelector('.issues svg.map')", 60)
    picture = page.locator(".issues svg.map")
    assert "knot-wide" in picture.get_attribute("aria-label") and "two-knots" in picture.get_attribute("aria-label")
    assert picture.locator("rect").count() >= 2
    assert "knot-base" in page.locator(".issues table").inner_text()
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        assert tab.barriers() == [] and not tab.is_too_wide() and tab.complaints == []


# MARK: Tokens, and what does not work


def test_a_server_that_demands_tokens(chromium, knapsack, shelf, tmp_path):  # noqa: F811
    tokens = tmp_path / "tokens.json"
    token = knapsack("token", "add", "anna", "--read", "--token-file", tokens).expect(0).stdout.split()[-1]
    runner = knapsack.with_caches(shelf.hub, KNAPSACK_CACHE_DIR=str(tmp_path / "index"))
    with serving(runner, "--token-file", str(tokens)) as server, opened(chromium, origin=server.url) as watched:
        page = watched.page
        page.goto(server.url)
        watched.wait("document.getElementById('asking').open")
        assert watched.barriers() == []
        page.get_by_label("Token", exact=True).fill("hf_wrong")
        page.keyboard.press("Enter")
        watched.wait("document.getElementById('asking-why').textContent.includes('does not know')")
        page.get_by_label("Token", exact=True).fill(token)
        page.keyboard.press("Enter")
        watched.wait("document.querySelectorAll('.models > li').length > 5")
        assert token not in page.url and page.evaluate("document.cookie") == ""
        assert page.evaluate("localStorage.length") == 0
        page.get_by_role("button", name="Token").click()
        page.get_by_role("button", name="Forget the token").click()
        watched.wait("document.getElementById('asking').open")


def test_a_server_that_is_gone_is_said(chromium, knapsack, shelf, tmp_path):  # noqa: F811
    runner = knapsack.with_caches(shelf.hub, KNAPSACK_CACHE_DIR=str(tmp_path / "index"))
    with opened(chromium) as watched:
        with serving(runner) as server:
            go(watched, server)
        watched.page.get_by_role("link", name="Health").click()
        watched.wait("document.querySelector('.fault')?.textContent.includes('does not answer')")
        assert watched.barriers() == []


def test_the_keyboard_is_enough(tab, shelf):
    page = tab.page
    go(tab, shelf)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    seen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name"))
    assert "Search" in seen and "halfway/interrupted" in seen, seen
    page.get_by_role("link", name="sackworks/knot-base", exact=True).press("Enter")
    tab.wait("document.querySelector('h1')?.textContent === 'sackworks/knot-base'")
    # The view is new: whoever hears the page is at its beginning, and told its name.
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.evaluate("document.getElementById('status').textContent") == "sackworks/knot-base"

"""The page for people in a real browser: what it shows, that it needs nobody else, and that everybody can use it."""

import base64
import json
import os
import urllib.parse
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from ferrystack.process import wait_until
from ferrystack.servers import TemporalServer
from gateway_world import Workers, gateway_for
from http_request import request

TOKEN = "a-token-for-people"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
WIDE, NARROW = (1280, 1000), (375, 800)

CONTRAST = """
const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return {r, g, b, a}; };
const channel = (value) => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
const luminance = ({r, g, b}) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ground = (element) => {
  for (; element; element = element.parentElement) {
    const color = parse(getComputedStyle(element).backgroundColor);
    if (color.a === 1) { return color; }
  }
  return parse(getComputedStyle(document.documentElement).colorScheme === "dark" ? "rgb(0,0,0)" : "rgb(255,255,255)");
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const told = [];
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, noscript")) { continue; }
  const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))].sort((x, y) => y - x);
  told.push([walker.currentNode.data.trim(), (a + 0.05) / (b + 0.05)]);
}
for (const input of document.querySelectorAll("input")) {
  const [a, b] = [luminance(parse(getComputedStyle(input, "::placeholder").color)), luminance(ground(input))].sort((x, y) => y - x);
  told.push([input.placeholder, (a + 0.05) / (b + 0.05)]);
}
return told;
"""

CONTROLS = """
return [...document.querySelectorAll("a[href], button, input, [tabindex='0']")]
  .filter((element) => element.checkVisibility() && !element.closest("dialog:not([open])"));
"""

FOCUSED = """
const element = document.activeElement;
const style = getComputedStyle(element);
return [element, style.outlineStyle, parseFloat(style.outlineWidth)];
"""


@workflow.defn(name="helloWorld")
class Hello:
    @workflow.run
    async def run(self, message: dict) -> dict:
        if message.get("fail"):
            raise ApplicationError("sold out", type="SoldOut", non_retryable=True)
        return {"total": 12345678901234567, "of": message.get("name")}


class Browser:
    """A browser with a profile of its own, and what a page did in it."""

    def __init__(self, profile: Path):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in [*FLAGS, f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))

    def look(self, size=WIDE, is_dark: bool = False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def text(self, selector: str) -> str:
        return self.driver.find_element(By.CSS_SELECTOR, selector).text

    def see(self, selector: str, *texts: str):
        """Waits until an element shows all the texts."""
        wait_until(lambda: all(text in self.text(selector) for text in texts), 60, f"{texts} in {selector}", 0.1)

    def click(self, selector: str):
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def picture(self, name: str):
        folder = os.environ.get("FERRY_SCREENSHOTS")
        if folder:
            self.driver.save_screenshot(f"{folder}/{name}.png")

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def hosts(self) -> set[str]:
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return {urllib.parse.urlsplit(url).netloc.rpartition("@")[2] for url in urls if not url.startswith(("chrome:", "data:"))}


@pytest.fixture
def browser(tmp_path):
    one = Browser(tmp_path / "profile")
    yield one
    one.driver.quit()


@pytest.fixture
def gateway(world):
    return gateway_for(world, routes={"orders": {"workflow": "helloWorld", "task_queue": world.task_queue, "input": "body",
                                                 "description": "Orders of the shop"},
                                      "idle": {"workflow": "helloWorld", "task_queue": f"idle-{world.name}"}})


@pytest.fixture
def guarded(world):
    """The same with a token."""
    return gateway_for(world, environment={"FERRY_API_TOKEN": TOKEN})


def send(gateway, message_id: str, body: dict, route: str = "orders"):
    answer = request("POST", f"{gateway.gateway_url}/v1/routes/{route}/events", body, {"Idempotency-Key": message_id})
    assert answer.status == 201, answer
    return answer.json


def test_messages_and_their_way_are_seen(world, gateway, browser):
    first, second = f"first-{world.name}", f"second-{world.name}"
    with Workers(world, [Hello]):
        one = send(gateway, first, {"name": "ann"})
        send(gateway, second, {"name": "bob"}, "hello-world")
        browser.look()
        browser.driver.get(gateway.gateway_url)
        browser.see("#recent", first, second, "orders", "hello-world", "Completed")
        browser.see("#runs-body", one["workflowId"], "helloWorld", "Completed")
        browser.see("#routes-body", "hello-world", "orders", "Orders of the shop", world.task_queue, "completion")
        browser.see("#counts", "Completed")
        assert browser.text("#health") == "Temporal answers" and "version" in browser.text("header")
        browser.picture("desktop")
        browser.driver.find_element(By.LINK_TEXT, first).click()
        browser.see("#detail", f"Message {first}", "Completed", "orders", one["workflowId"])
        browser.driver.find_element(By.CSS_SELECTOR, "#detail").find_element(By.LINK_TEXT, one["workflowId"]).click()
        browser.see("#detail", one["runId"], '"total": 12345678901234567', '"of": "ann"', "workflow execution completed")
        browser.picture("run")
        browser.click("#close")
        assert not browser.driver.find_element(By.ID, "detail").is_displayed()
        browser.driver.find_element(By.ID, "message-id").send_keys(second, Keys.ENTER)
        browser.see("#detail", f"Message {second}", "hello-world")
        browser.driver.back()
    assert browser.complaints() == []
    assert browser.hosts() == {f"127.0.0.1:{gateway.gateway_port}"}


def test_what_has_ended_is_seen_beside_many_that_are_open(world, gateway, browser):
    """Temporal lists open runs before closed ones."""
    for number in range(25):
        send(gateway, f"open-{number}-{world.name}", {}, "idle")
    with Workers(world, [Hello]):
        one = send(gateway, f"it's-done-{world.name}", {"name": "ann"})
        browser.driver.get(gateway.gateway_url)
        browser.see("#runs-body", one["workflowId"], "Completed", "Running")
        browser.see("#recent", f"it's-done-{world.name}", "Completed", "Running")
    row = browser.driver.find_element(By.CSS_SELECTOR, "#recent tr")
    assert one["workflowId"] in row.text and "Completed" in row.text


def test_a_message_is_found_by_its_id(world, gateway, browser):
    with Workers(world, [Hello]):
        one = send(gateway, f"found-{world.name}", {"name": "ann"})
        browser.driver.get(gateway.gateway_url)
        browser.see("#routes-body", "hello-world", "orders", "Orders of the shop", world.task_queue, "completion")
        browser.driver.find_element(By.ID, "message-id").send_keys(f"found-{world.name}", Keys.ENTER)
        browser.see("#detail", f"Message found-{world.name}", "Completed", "orders", one["workflowId"])
        browser.driver.find_element(By.CSS_SELECTOR, "#detail").find_element(By.LINK_TEXT, one["workflowId"]).click()
        browser.see("#detail", one["runId"], '"total": 12345678901234567', '"of": "ann"')
    browser.driver.back()
    browser.see("#detail", f"Message found-{world.name}")
    browser.driver.back()
    wait_until(lambda: not browser.driver.find_element(By.ID, "detail").is_displayed(), 10, "the message to close", 0.1)
    assert browser.hosts() == {f"127.0.0.1:{gateway.gateway_port}"}


def test_a_message_that_is_not_there_is_said_to_be_so(gateway, browser):
    browser.driver.get(gateway.gateway_url + "/#message/nobody%2Fknows")
    browser.see("#detail", "Message nobody/knows", "Temporal knows no workflow for it")


def test_without_messages_the_page_says_how_to_send_one(gateway, browser):
    browser.look()
    browser.driver.get(gateway.gateway_url)
    browser.see("#recent-empty", "No messages yet", f"curl {gateway.gateway_url}/v1/routes/hello-world/events")
    browser.picture("empty")
    assert browser.complaints() == []


def test_what_a_message_holds_becomes_no_markup(world, gateway, browser):
    name = f"<img src=x onerror=alert(1)>-{world.name}"
    with Workers(world, [Hello]):
        send(gateway, name, {"name": "<b>bold</b>"})
        browser.driver.get(gateway.gateway_url)
        browser.see("#recent", name)
    assert browser.driver.find_elements(By.CSS_SELECTOR, "#recent img, main b > b") == []
    assert [text for text in browser.complaints() if "Security Policy" in text] == []


def test_the_page_tries_again_while_temporal_is_away(world, browser, tmp_path):
    temporal = TemporalServer(tmp_path)
    ferry = world.ferry("http://127.0.0.1:1/1/unused", {"temporal": {"address": temporal.address}})
    ferry.gateway.start()
    wait_until(lambda: readiness(ferry) == 503, 30, "the gateway to say that Temporal is away", 0.1)
    browser.look()
    browser.driver.get(ferry.gateway_url)
    browser.see("#problem", "The gateway answered 503", "trying again in", "Try again")
    assert browser.text("#health") == "Temporal does not answer"
    assert lowest_contrast(browser) >= 4.5
    browser.picture("error")
    temporal.start()
    try:
        browser.see("#routes-body", "hello-world")
        assert not browser.driver.find_element(By.ID, "problem").is_displayed()
        assert browser.text("#health") == "Temporal answers"
    finally:
        temporal.process.stop(10)


def test_a_token_that_is_refused_stops_the_refreshing(world, browser, tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    ferry = gateway_for(world, settings={"gateway": {"token_file": str(path), "token_overlap": "0s"}})
    browser.driver.get(f"http://person:{TOKEN}@127.0.0.1:{ferry.gateway_port}/")
    browser.see("header", "updated")
    path.write_text("another-token")
    browser.see("#problem", "The gateway answered 401", "the page has stopped refreshing")
    assert browser.driver.execute_script("return timer") is None


def readiness(ferry) -> int:
    try:
        return request("GET", f"{ferry.gateway_url}/readyz").status
    except OSError:
        return 0


def test_nothing_is_asked_while_nobody_looks(gateway, browser):
    browser.driver.get(gateway.gateway_url)
    browser.see("header", "updated")
    hidden = "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
    browser.driver.execute_script(hidden + "document.dispatchEvent(new Event('visibilitychange'));")
    assert browser.driver.execute_async_script("turn().then(arguments[0])") is None
    assert browser.driver.execute_script("return timer") is None
    browser.driver.execute_script("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'));")
    wait_until(lambda: browser.driver.execute_script("return timer") is not None, 30, "the page to refresh again", 0.1)


def lowest_contrast(browser) -> float:
    told = browser.driver.execute_script(CONTRAST)
    assert len(told) > 5, told
    return min(ratio for _, ratio in told)


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_an_empty_page_can_be_read(gateway, browser, is_dark):
    browser.look(NARROW, is_dark)
    browser.driver.get(gateway.gateway_url)
    browser.see("#routes-body", "orders")
    background = browser.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background[4:-1].split(","))) < 3 * 128) == is_dark
    assert lowest_contrast(browser) >= 4.5


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everything_can_be_read(world, gateway, browser, is_dark, size):
    with Workers(world, [Hello]):
        done = send(gateway, f"read-{world.name}", {"name": "ann"})
        send(gateway, f"fail-{world.name}", {"fail": True})
        browser.look(size, is_dark)
        browser.driver.get(gateway.gateway_url)
        browser.see("#runs-body", "Completed", "Failed")
        assert lowest_contrast(browser) >= 4.5
        wide, room = browser.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room
        browser.picture(f"{'dark' if is_dark else 'light'}-{size[0]}")
        browser.driver.get(f"{gateway.gateway_url}/#run//{done['workflowId']}/")
        browser.see("#detail", "Result", "History")
        assert lowest_contrast(browser) >= 4.5


def walk_with_tab(browser):
    """Tab reaches every control, and each shows that it is reached."""
    browser.driver.execute_script("clearTimeout(timer)")
    controls = browser.driver.execute_script(CONTROLS)
    reached = set()
    for _ in range(len(controls) + 2):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        element, style, width = browser.driver.execute_script(FOCUSED)
        if element.tag_name != "body":
            assert style != "none" and width >= 2, element.get_attribute("outerHTML")
            reached.add(element.id)
    assert len(controls) > 5
    assert [c.get_attribute("outerHTML") for c in controls if c.id not in reached] == []


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(gateway, browser):
    browser.look()
    browser.driver.get(gateway.gateway_url)
    browser.see("header", "updated")
    walk_with_tab(browser)


def test_a_run_is_opened_and_closed_without_a_mouse(world, gateway, browser):
    with Workers(world, [Hello]):
        send(gateway, f"key-{world.name}", {"name": "ann"})
        browser.look()
        browser.driver.get(gateway.gateway_url)
        browser.see("#runs-body", f"key-{world.name}", "Completed")
    walk_with_tab(browser)
    link = browser.driver.find_element(By.CSS_SELECTOR, "#runs-body a")
    link.send_keys(Keys.ENTER)
    browser.see("#detail", "Status")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    wait_until(lambda: browser.driver.switch_to.active_element == link, 10, "the focus to come back", 0.1)


def test_tables_and_fields_have_names(gateway, browser):
    browser.driver.get(gateway.gateway_url)
    browser.see("#routes-body", "orders")
    lacking = browser.driver.execute_script("""
        return [...document.querySelectorAll("table")].filter((table) => !table.caption)
          .concat([...document.querySelectorAll("thead th, tbody th")].filter((head) => !head.scope))
          .concat([...document.querySelectorAll("input")].filter((input) => input.labels.length === 0))
          .concat([...document.querySelectorAll("section, [role=region]")].filter((part) => !part.getAttribute("aria-labelledby")))
          .map((element) => element.outerHTML);
    """)
    assert lacking == []
    assert browser.driver.find_element(By.ID, "news").get_attribute("aria-live") == "polite"


PATHS = ("/", "/page/script.js", "/v1/routes", "/openapi.json")


def test_the_page_is_for_those_with_a_token(guarded):
    for path in PATHS:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": basic("wrong")}):
            assert request("GET", guarded.gateway_url + path, headers=headers).status == 401, (path, headers)
        assert request("GET", guarded.gateway_url + path, headers={"Authorization": f"Bearer {TOKEN}"}).status == 200


def test_a_browser_gets_in_with_the_token_as_the_password(guarded, browser):
    for path in PATHS:
        assert request("GET", guarded.gateway_url + path, headers={"Authorization": basic(TOKEN)}).status == 200
    browser.driver.get(f"http://person:{TOKEN}@127.0.0.1:{guarded.gateway_port}/")
    browser.see("#routes-body", "hello-world")
    browser.see("header", "updated")
    browser.picture("guarded")
    browser.driver.find_element(By.LINK_TEXT, "OpenAPI document").click()
    browser.see("body", "/v1/routes/hello-world/events")


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"person:{password}".encode()).decode()


def test_the_browser_is_told_to_be_strict(gateway):
    for path in ("/", "/page/style.css", "/page/icon.svg"):
        answer = request("GET", gateway.gateway_url + path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "no-referrer"
    assert request("GET", gateway.gateway_url + "/page/index").status == 404

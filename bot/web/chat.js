// The page's conversation with the server: begin a session, follow the stream, send, press.

import { card } from "./card.js";
import { edit, home } from "./dialog.js";
import { node } from "./markdown.js";

const at = (id) => document.getElementById(id);
const [log, pending, progress, empty, text] = ["log", "pending", "progress", "empty", "text"].map(at);
const RETRY_MS = 3000;
const SLOW_MS = 1500;

let session = null;
let stream = null;
let isReady = false;
let slow = 0;
const pressing = new Set();

class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

async function post(path, body) {
  const answer = await fetch(`/chat/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-atom-chat": encodeURI(session?.conversation ?? "new") },
    body: JSON.stringify(body),
  });
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  throw new Refused(answer.status, content.error ?? "That did not work.");
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---- session

async function enter(wish = {}) {
  let begun;
  try {
    begun = await post("session", wish);
  } catch (error) {
    if (error.status === 401) askForToken(wish.token ? error.message : "");
    else if (error.status === 403 || error.status === 421) say(error.message);
    else {
      say("The assistant does not answer. Trying again …");
      setTimeout(() => enter(wish), RETRY_MS);
    }
    return;
  }
  if (session && session.conversation !== begun.conversation) clear();
  session = begun;
  furnish();
  follow();
}

function askForToken(wrong) {
  at("token").hidden = false;
  at("wrong").textContent = wrong;
  at("key").focus();
}

function furnish() {
  document.title = session.name;
  at("name").textContent = session.name;
  at("token").hidden = true;
  at("composer").hidden = at("fresh").hidden = at("home").hidden = false;
  at("who").hidden = session.people.length < 2;
  at("person").replaceChildren(
    ...session.people.map(({ key, name }) => node("option", { value: key, selected: key === session.person }, name)),
  );
  at("suggestions").replaceChildren(
    ...session.suggestions.map((one) => node("li", {}, node("button", { type: "button", onclick: () => send(one) }, one))),
  );
}

function clear() {
  log.replaceChildren();
  pending.replaceChildren();
  at("trimmed").hidden = true;
  show({ is_working: false, text: "" });
}

// ---- stream

function follow() {
  stream?.close();
  isReady = false;
  log.setAttribute("aria-busy", "true");
  stream = new EventSource(`/chat/stream?conversation=${encodeURIComponent(session.conversation)}`);
  stream.addEventListener("entry", (event) => draw(JSON.parse(event.data)));
  stream.addEventListener("progress", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("trimmed", () => (at("trimmed").hidden = false));
  stream.addEventListener("ready", ready);
  stream.addEventListener("open", () => {
    clearTimeout(slow);
    slow = 0;
    say("");
  });
  stream.addEventListener("error", lost);
}

function ready() {
  const isFirst = !isReady;
  isReady = true;
  log.setAttribute("aria-busy", "false");
  greet();
  if (!isFirst) return;
  toEnd("instant");
  text.focus({ preventScroll: true });
}

function lost() {
  slow ||= setTimeout(() => say("Connection lost. Reconnecting …"), SLOW_MS);
  // The browser tries again by itself unless the server refused it: then the session is over.
  const ended = stream;
  if (ended.readyState === EventSource.CLOSED) setTimeout(() => ended === stream && enter(), RETRY_MS);
}

function say(sentence) {
  at("link").textContent = sentence;
}

function greet() {
  empty.hidden = !isReady || Boolean(log.childElementCount || pending.childElementCount);
}

// ---- entries

function draw(entry) {
  const isNear = isAtEnd();
  const made = entry.parts === null ? mine(entry.text) : theirs(entry);
  made.dataset.generation = entry.generation;
  made.dataset.number = entry.number;
  if (entry.client_id) pending.querySelector(`[data-client="${CSS.escape(entry.client_id)}"]`)?.remove();
  const old = present(entry);
  const hadFocus = old?.contains(document.activeElement);
  if (old) old.replaceWith(made);
  else log.insertBefore(made, after(entry));
  if (hadFocus) focusOn(made);
  greet();
  if (isNear) toEnd(isReady ? "smooth" : "instant");
}

function present(entry) {
  const here = [...log.children];
  const same = here.find((one) => one.dataset.generation === entry.generation && Number(one.dataset.number) === entry.number);
  if (same || !entry.settles) return same;
  // The card was drawn before the server started anew.
  return here.find((one) => one.dataset.approvals?.split(" ").includes(entry.settles));
}

function after(entry) {
  return (
    [...log.children].find((one) => one.dataset.generation === entry.generation && Number(one.dataset.number) > entry.number) ?? null
  );
}

// The card and not its first button: Enter pressed twice must not press what came in its place.
function focusOn(made) {
  made.tabIndex = -1;
  made.focus({ preventScroll: true });
}

function mine(words) {
  return node("article", { className: "mine", "aria-live": "off" }, node("span", { className: "unseen" }, "You: "), node("p", {}, words));
}

function theirs(entry) {
  const made = node(
    "article",
    { className: "theirs" },
    node("span", { className: "unseen" }, `${session.name}: `),
    ...entry.parts.flatMap((part) => card(part, entry.pressed, press)),
  );
  made.dataset.approvals = entry.parts.filter((part) => part.kind === "plan").map((part) => part.approval).join(" ");
  return made;
}

function show({ is_working: isWorking, text: doing }) {
  const isNear = isAtEnd();
  progress.hidden = !isWorking;
  progress.replaceChildren(...(isWorking ? [node("span", { className: "dots", "aria-hidden": "true" }), doing || "Working on it …"] : []));
  if (isNear) toEnd("smooth");
}

function isAtEnd() {
  const page = document.scrollingElement;
  return page.scrollHeight - page.scrollTop - page.clientHeight < 160;
}

function toEnd(behavior) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  window.scrollTo({ top: document.scrollingElement.scrollHeight, behavior: isCalm ? "instant" : behavior });
}

// ---- sending and pressing

function send(words) {
  if (!words.trim() || !session) return;
  const made = mine(words);
  made.dataset.client = newId();
  pending.append(made);
  greet();
  toEnd("smooth");
  text.focus();
  deliver(made, words);
}

async function deliver(made, words) {
  made.querySelector(".notice")?.remove();
  made.classList.add("sending");
  try {
    const { is_new: isNew } = await post("messages", { text: words, client_id: made.dataset.client });
    if (!isNew) made.classList.remove("sending");
  } catch (error) {
    if (error.status === 409) return location.reload();
    made.classList.remove("sending");
    const retry = node("button", { type: "button", className: "small", onclick: () => deliver(made, words) }, "Try again");
    const reason = error instanceof Refused ? error.message : "The assistant does not answer.";
    made.append(node("p", { className: "notice", role: "alert" }, `Not sent. ${reason} `, retry));
    if (error.status === 401) enter();
  }
}

async function press(action, target, value) {
  if (pressing.has(target)) return;
  if (action === "edit" && !value) return openForm(target);
  pressing.add(target);
  try {
    await post("press", { action, target, value, client_id: newId() });
    say("");
  } catch (error) {
    if (error.status === 409) return location.reload();
    say(error instanceof Refused ? error.message : "The assistant does not answer. Please press again.");
    if (error.status === 401) enter();
  } finally {
    pressing.delete(target);
  }
}

async function openForm(approval) {
  const { fields } = (await asked("form", { approval })) ?? {};
  if (fields) edit(fields, (changed) => press("edit", approval, JSON.stringify(changed)));
}

async function openHome() {
  const { parts } = (await asked("home", {})) ?? {};
  if (parts) home(parts, press);
}

async function asked(path, body) {
  try {
    say("");
    return await post(path, body);
  } catch (error) {
    if (error.status === 409) return location.reload();
    say(error instanceof Refused ? error.message : "The assistant does not answer.");
    return null;
  }
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight + 2, innerHeight * 0.4)}px`;
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send(text.value);
  text.value = "";
  grow();
});
text.addEventListener("input", grow);
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("composer").requestSubmit();
});
document.addEventListener("keydown", (event) => {
  const isLetter = event.key.length === 1 && event.key !== " " && !(event.ctrlKey || event.metaKey || event.altKey);
  if (isLetter && !event.target.closest("input, textarea, select, button, a")) text.focus();
});
at("token").addEventListener("submit", (event) => {
  event.preventDefault();
  enter({ token: at("key").value });
  at("key").value = "";
});
at("person").addEventListener("change", (event) => enter({ person: event.target.value }));
at("home").addEventListener("click", openHome);
at("fresh").addEventListener("click", () => enter({ is_fresh: true }));

const token = new URLSearchParams(location.search).get("token");
if (token) history.replaceState(null, "", location.pathname);
enter(token ? { token } : {});

"use strict";
/* Tells the page that something changed, never what. Browsers hold six connections to a host, so
   the tabs share one worker that listens for all of them; this file is the worker, too. Where
   workers cannot be shared, a tab listens by itself as long as it is seen. */
(() => {
  const again = 30000;

  /* Listen until told to stop. What was missed between two connections is told as one change. */
  function listen(tell) {
    let source, later, missed = false;
    function open() {
      source = new EventSource("/console/events");
      source.addEventListener("figures", tell);
      source.addEventListener("open", () => {
        if (missed) tell();
        missed = false;
      });
      source.addEventListener("error", () => {
        missed = true;
        if (source.readyState === EventSource.CLOSED) later = setTimeout(open, again);
      });
    }
    open();
    return () => { clearTimeout(later); source.close(); };
  }

  if (!self.document) {
    const tabs = [];
    self.onconnect = (event) => tabs.push(event.ports[0]);
    listen(() => { for (const tab of tabs) tab.postMessage(""); });
    return;
  }

  const place = document.getElementById("live");
  if (!place) return;
  const changed = () => place.dispatchEvent(new Event("figures"));

  /* Nobody looks at a hidden tab; it is drawn anew when somebody does. */
  if (window.SharedWorker) {
    let stale = false;
    const look = () => {
      if (stale && !document.hidden) changed();
      stale = stale && document.hidden;
    };
    document.addEventListener("visibilitychange", look);
    const worker = new SharedWorker(document.currentScript.src);
    worker.port.onmessage = () => { stale = true; look(); };
    return;
  }
  let stop = document.hidden ? () => {} : listen(changed);
  document.addEventListener("visibilitychange", () => {
    stop();
    if (document.hidden) return;
    stop = listen(changed);
    changed();
  });
})();

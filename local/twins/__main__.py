"""Run the provider twins: `python -m local.twins --port N`."""

import argparse
import signal
import threading

from local.twins.server import TwinServer


def main() -> None:
    """Serve on loopback until told to stop."""
    parser = argparse.ArgumentParser(prog="local.twins", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    server = TwinServer(parser.parse_args().port)
    # shutdown() waits for the loop that runs in this thread, hence from another one.
    stop = threading.Thread(target=server.shutdown, daemon=True)
    signal.signal(signal.SIGTERM, lambda *_: stop.start())
    print(f"provider twins at {server.url}", flush=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()

"""The cluster's network: a bridge inside the controller's namespaces, a link from there to each node
and one to the machine itself, which so becomes the login node.

The bridge is not on the machine: a firewall there (Docker's drops what it does not know) sees
nothing of what nodes say to each other, and with the controller's namespaces all of it is gone.
"""

import ipaddress
import json
import random
import subprocess

from trouble import Trouble

BRIDGE = "bridge"
LOGIN_PREFIX = "xmini-"


class Network:
    """One /24. `subnet` is its first three numbers, as "10.77.3"."""

    def __init__(self, subnet):
        self.subnet = subnet
        self.controller_address = subnet + ".1"
        self.login_address = subnet + ".2"
        self.login_link = LOGIN_PREFIX + "-".join(subnet.split(".")[1:])  # at most 15 characters

    def node_address(self, number):
        return "%s.%d" % (self.subnet, 10 + number)

    def make_bridge(self, controller):
        """The bridge, and the login node's link to it."""
        _ip(
            "link add %s address %s type bridge mcast_snooping 0"
            % (BRIDGE, hardware_address(self.controller_address)),
            "addr add %s/24 dev %s" % (self.controller_address, BRIDGE),
            "link set %s up" % BRIDGE,
            inside=controller,
        )
        _ip(
            "link add %s type veth peer name login netns %d" % (self.login_link, controller),
            "addr add %s/24 dev %s" % (self.login_address, self.login_link),
            "link set %s up" % self.login_link,
        )
        _ip("link set login master %s up" % BRIDGE, inside=controller)

    def connect(self, controller, node, number):
        """Links node `number`, whose first process is `node`, to the bridge."""
        link = link_name(number)
        _ip(
            "link add %s type veth peer name eth0 address %s netns %d"
            % (link, hardware_address(self.node_address(number)), node),
            "link set %s master %s up" % (link, BRIDGE),
            inside=controller,
        )
        _ip(
            "addr add %s/24 dev eth0" % self.node_address(number),
            "link set eth0 up",
            inside=node,
        )

    def remove_login_link(self):
        """The kernel takes it away with the controller's namespaces, but in its own time."""
        subprocess.run(["ip", "link", "del", self.login_link], stderr=subprocess.DEVNULL, check=False)


def free_network():
    """A subnet that no route or address of this machine knows yet."""
    routes = [route["dst"] for route in _ip_json("-4", "route", "show", "table", "all")]
    taken = [ipaddress.ip_network(r, strict=False) for r in routes if r[0].isdigit()]
    for _ in range(1000):
        subnet = "10.%d.%d" % (random.randrange(256), random.randrange(256))
        wanted = ipaddress.ip_network(subnet + ".0/24")
        if not any(wanted.overlaps(network) for network in taken):
            return Network(subnet)
    raise Trouble("no free subnet below 10.0.0.0/8 was found: see `ip route`")


def hardware_address(address):
    """Fixed, as a network card's. Left to itself a bridge takes another one whenever something is
    plugged in or out, and whoever remembers the old one gets no answer for many seconds."""
    return "02:00:" + ":".join("%02x" % int(number) for number in address.split("."))


def link_name(number):
    return "node%d" % number


def set_link(controller, number, state):
    """Up or down. Down, packets vanish on their way and nobody is told: a cable pulled."""
    _ip("link set %s %s" % (link_name(number), state), inside=controller)


def remove_link(controller, number):
    _ip("link del %s" % link_name(number), inside=controller)


def links(controller):
    """{name: "up" or "down"} of what is plugged into the bridge."""
    found = _ip_json("link", "show", inside=controller)
    return {link["ifname"]: "up" if "UP" in link["flags"] else "down" for link in found}


def _ip_command(inside):
    return (["nsenter", "--target", str(inside), "--net"] if inside else []) + ["ip"]


def _ip(*lines, inside=None):
    done = subprocess.run(
        _ip_command(inside) + ["-batch", "-"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Trouble("ip %s: %s" % ("; ".join(lines), done.stderr.strip()))


def _ip_json(*arguments, inside=None):
    done = subprocess.run(
        _ip_command(inside) + ["-json", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Trouble("ip %s: %s" % (" ".join(arguments), done.stderr.strip()))
    return json.loads(done.stdout or "[]")

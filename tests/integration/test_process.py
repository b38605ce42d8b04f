"""What every test's servers stand on: ferrystack.process."""

import random

from ferrystack.process import ephemeral_ports_begin, free_port


def test_a_free_port_is_none_that_the_system_gives_to_an_outgoing_connection():
    assert all(free_port() < ephemeral_ports_begin() for _ in range(50))


def test_free_ports_do_not_depend_on_a_seed():
    def ports():
        random.seed(1)
        return [free_port() for _ in range(5)]
    assert ports() != ports()

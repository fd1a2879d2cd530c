#!/usr/bin/python3
"""Exact values of the models in scenarios/validation that `expect:` quotes, from their formulas.

Prints one `name value` per line; exact_test.py compares them with what the scenarios expect.
"""
import math


def erlang_b(servers, load):
    """Blocking probability of M/M/c/c (Erlang 1917), by the stable recursion."""
    blocking = 1.0
    for c in range(1, servers + 1):
        blocking = load * blocking / (c + load * blocking)
    return blocking


def mmck(servers, capacity, arrival, service):
    """M/M/c/K by its birth-death chain: blocking, utilisation, queue length, mean wait of the accepted."""
    weights = [1.0]
    for n in range(1, capacity + 1):
        weights.append(weights[-1] * arrival / (service * min(n, servers)))
    total = sum(weights)
    p = [w / total for w in weights]
    busy = sum(min(n, servers) * p[n] for n in range(capacity + 1))
    queue = sum(max(n - servers, 0) * p[n] for n in range(capacity + 1))
    return p[-1], busy / servers, queue, queue / (arrival * (1 - p[-1]))


def md1k_blocking(capacity, load):
    """M/D/1/K by its embedded chain at departures (Gross and Harris, 5.1.8). States hang together upwards:
    what one needs to know of a state follows from those below."""
    come = [math.exp(-load) * load ** k / math.factorial(k) for k in range(capacity + 1)]
    left = [1.0]  # how many a departure leaves behind, not yet normalised
    for j in range(capacity - 1):
        into = left[0] * come[j] + sum(left[i] * come[j - i + 1] for i in range(1, j + 1))
        left.append((left[j] - into) / come[0])
    return 1 - 1 / (left[0] / sum(left) + load)


def lcfs_wait_moments(arrival, service):
    """M/M/1, last come first served without preemption (Riordan 1962): mean and standard deviation of the
    wait. The mean is that of FCFS; E[W^2] = E[W^2 of FCFS] / (1 - rho) (Takacs 1963)."""
    rho = arrival / service
    mean = rho / (service - arrival)
    second_fcfs = 2 * rho / (service - arrival) ** 2
    return mean, math.sqrt(second_fcfs / (1 - rho) - mean * mean)


def priorities(arrivals, service):
    """M/M/1 with two classes, first class first, without preemption (Cobham 1954): mean waits."""
    rho = [a / service for a in arrivals]
    residual = sum(arrivals) / service ** 2
    return residual / (1 - rho[0]), residual / ((1 - rho[0]) * (1 - rho[0] - rho[1]))


def erlang2_m_1(arrival, service):
    """E2/M/1, every second arrival of a Poisson process: mean response time (Kleinrock I, 6.4)."""
    rate = 2 * arrival  # of each stage
    sigma = 0.5
    for _ in range(10000):
        sigma = (rate / (rate + service * (1 - sigma))) ** 2
    return 1 / (service * (1 - sigma))


def times(a, b):
    """The product of 2×2 matrices, as lists of rows."""
    return [[sum(a[i][k] * b[k][j] for k in range(2)) for j in range(2)] for i in range(2)]


def inverse(a):
    det = a[0][0] * a[1][1] - a[0][1] * a[1][0]
    return [[a[1][1] / det, -a[0][1] / det], [-a[1][0] / det, a[0][0] / det]]


def mmpp_m_1(rates, leave, service):
    """MMPP(2)/M/1 as a quasi-birth-death process (Neuts 1981): mean number in system and response time."""
    up = [[rates[0], 0.0], [0.0, rates[1]]]
    local = [[-leave[0] - rates[0] - service, leave[0]], [leave[1], -leave[1] - rates[1] - service]]
    # R = -(up + service R²) / local, from below.
    minus_inverse = [[-x for x in row] for row in inverse(local)]
    r = [[0.0, 0.0], [0.0, 0.0]]
    for _ in range(200000):
        square = times(r, r)
        new = times([[up[i][j] + service * square[i][j] for j in range(2)] for i in range(2)],
                    minus_inverse)
        change = max(abs(new[i][j] - r[i][j]) for i in range(2) for j in range(2))
        r = new
        if change < 1e-15:
            break
    # Nothing in the system: pi0 (Q - up) + pi1 service = 0 with pi1 = pi0 R; the columns of this are
    # dependent, so one of them and the sum of all levels, pi0 (I - R)^-1 1 = 1, give pi0.
    above = inverse([[1 - r[0][0], -r[0][1]], [-r[1][0], 1 - r[1][1]]])
    empty = [-leave[0] - rates[0] + service * r[0][0], leave[1] + service * r[1][0]]
    total = [sum(above[0]), sum(above[1])]
    scale = empty[1] * total[0] - empty[0] * total[1]
    pi0 = [empty[1] / scale, -empty[0] / scale]
    levels = times(r, times(above, above))
    number = sum(pi0[i] * sum(levels[i]) for i in range(2))
    arrival = (leave[1] * rates[0] + leave[0] * rates[1]) / sum(leave)
    return arrival, number, number / arrival


def ring_shares(nodes, points):
    """The mean of the largest and of the smallest share of a ring with so many random points for each node.
    The shares are those of independent gamma (Erlang) variables among their sum, which is independent of
    them (Dirichlet): the mean of the extreme share is that of the extreme variable over nodes * points."""
    def below(x):  # Erlang's distribution function
        term = total = math.exp(-x)
        for k in range(1, points):
            term *= x / k
            total += term
        return 1 - total

    steps, end = 4000, points + 20 * math.sqrt(points)
    largest = smallest = 0.0
    for i in range(steps + 1):  # Simpson's rule for the means, as integrals of P(X > x)
        weight = 1 if i in (0, steps) else 4 if i % 2 else 2
        share = below(i * end / steps)
        largest += weight * (1 - share ** nodes)
        smallest += weight * (1 - share) ** nodes
    scale = end / steps / 3 / (nodes * points)
    return largest * scale, smallest * scale


def mean_speed(speeds):
    """Of (length, speed) pairs: the throughput of a server that is never idle and needs 1 s on average."""
    return sum(length * speed for length, speed in speeds) / sum(length for length, _ in speeds)


def breakdowns(arrival, service, failure, repair):
    """M/M/1 whose server breaks down at all times and resumes interrupted work after the repair (White and
    Christie 1958; Avi-Itzhak and Naor 1963): availability, mean number inside, share of time with somebody
    inside. The last from the balance of the empty states: who is empty and up breaks down, who is empty and
    down is repaired or gets an arrival."""
    both = failure + repair
    up = repair / both
    inside = arrival * (both + failure * service / both) / (repair * service - arrival * both)
    empty = (up - arrival / service) * (1 + failure / (arrival + repair))
    return up, inside, 1 - empty


def main():
    values = {
        "erlang-b.blocking": erlang_b(10, 8.0),
    }
    blocking, utilization, queue, wait = mmck(3, 8, 2.7, 1.0)
    values["mmck.blocking"] = blocking
    values["mmck.utilization"] = utilization
    values["mmck.queue_length"] = queue
    values["mmck.wait_of_accepted"] = wait
    values["bucket.five.passed"] = 1 - md1k_blocking(5, 0.8)
    values["bucket.one.passed"] = 1 - md1k_blocking(1, 0.8)
    values["bucket.three.passed"] = 1 - md1k_blocking(3, 1.2)
    mean, deviation = lcfs_wait_moments(0.7, 1.0)
    values["lcfs.wait.mean"] = mean
    values["lcfs.wait.stddev"] = deviation
    first, second = priorities([0.3, 0.5], 1.0)
    values["priority.first.wait"] = first
    values["priority.second.wait"] = second
    values["ps.response"] = 1 / (1 - 0.7)
    values["round-robin.response"] = erlang2_m_1(0.8, 1.0)
    arrival, number, response = mmpp_m_1([1.2, 0.2], [0.02, 0.02], 1.0)
    values["mmpp.arrival_rate"] = arrival
    values["mmpp.in_system"] = number
    values["mmpp.response"] = response
    largest, smallest = ring_shares(10, 100)
    values["ring.largest"] = largest
    values["ring.smallest"] = smallest
    values["stopping.speed"] = mean_speed([(17, 1), (3, 0)])
    values["slowing.speed"] = mean_speed([(16, 1), (4, 1 / 4)])
    values["overlapping.speed"] = mean_speed([(13, 1), (3, 1 / 2), (2, 1 / 6), (2, 0)])
    up, inside, occupied = breakdowns(0.5, 1.0, 0.01, 0.1)
    values["breakdowns.up"] = up
    values["breakdowns.in_system"] = inside
    values["breakdowns.occupied"] = occupied
    values["breakdowns.response"] = inside / 0.5
    values["renewal.up"] = 1000 / 1004
    for name, value in values.items():
        print(f"{name} {value:.9g}")


if __name__ == "__main__":
    main()

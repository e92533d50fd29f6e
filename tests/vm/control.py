#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""control.py RUN QEMU_PID LABEL [STATE]: tells a resumed machine to go on, or saves one to STATE when it is ready."""
import json
import os
import socket
import sys
import time

run, qemu, label, state = sys.argv[1:5]


def alive():
    """False for a process that has ended, also before it is waited for."""
    try:
        with open(f'/proc/{qemu}/stat', encoding='ascii') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def connect(name):
    while alive():
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(f'{run}/{name}')
            return connection
        except OSError:
            time.sleep(0.05)
    sys.exit('control.py: qemu has ended')


def save():
    monitor = connect('monitor').makefile('rw')

    def command(name, **arguments):
        monitor.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
        monitor.flush()
        while True:
            answer = json.loads(monitor.readline())
            if 'error' in answer:
                sys.exit(f'control.py: {name}: {answer}')
            if 'return' in answer:
                return answer['return']

    monitor.readline()
    command('qmp_capabilities')
    control = connect('control')
    heard = b''
    while b'READY' not in heard:
        heard += control.recv(100) or sys.exit('control.py: the machine has gone away')
    control.close()
    time.sleep(0.3)
    command('migrate-set-parameters', **{'max-bandwidth': 10**10})
    command('migrate', uri=f'exec:cat > {state}')
    while True:
        status = command('query-migrate').get('status')
        if status == 'completed':
            break
        if status in ('failed', 'cancelled'):
            sys.exit(f'control.py: saving {status}')
        time.sleep(0.05)
    command('quit')


if state:
    save()
else:
    machine = connect('control')
    machine.sendall(f'go {time.time():f} {label}\n'.encode())
    # The guest reads while the line is open.
    while alive():
        time.sleep(0.2)

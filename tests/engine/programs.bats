#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of the container's shell and of bats
# Real programs under the shipped policies: what Debian's packages installed on this host, seen through an overlay of
# its root. What is not installed is skipped; scripts/install-deps programs installs all of it.

load ../integration/helpers

setup() {
	requires_casemate "has no policies"
	requires_root
	setup_bundle
	ROOT=$BATS_TEST_TMPDIR/overlay
	mkdir -p "$ROOT"/{upper,work,root}
	on_host -t overlay -o "lowerdir=/,upperdir=$ROOT/upper,workdir=$ROOT/work" overlay "$ROOT/root" ||
		skip "no overlay of this host's root can be mounted"
	edit '.root.path = $root | .process.user = {uid: 1000, gid: 1000} | .process.cwd = "/tmp" |
		.process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LC_ALL=C.UTF-8"]' --arg root "$ROOT/root"
}

teardown() {
	teardown_bundle
}

requires_program() {
	[[ -x $1 ]] || skip "$1 is not installed"
}

# The script runs under the policy, with a tmpfs at /tmp: under POLICY SCRIPT
under() {
	jq -n --arg extends "$1" '{name: "test", extends: $extends, tmpfs: [{destination: "/tmp", options: ["mode=1777"]}]}' >policy.json
	chmod 644 policy.json
	program sh -c "$2"
	run -0 timeout 60 "$RUNTIME" --root "$STATE" --policy ./policy.json run "$ID-$1"
}

@test "app, terminal, web: a shell and its tools" {
	local policy
	for policy in app terminal web; do
		under $policy 'set -e; ls -l /etc >list; tar cf a.tar list; gzip a.tar; zcat a.tar.gz | tar xf -; cmp list list
			find /usr/share/doc -maxdepth 1 | sort | head -n 3 | awk "{ print NR }" | tail -n 1
			sed s/a/b/ list >/dev/null; id -u; ps ax >/dev/null; (sleep 0.1 & wait); mkfifo f; (echo through >f &) ; cat f
			nice true; timeout 1 true; date >/dev/null; df / >/dev/null; ln -s list link; test -L link; chmod 600 list; echo fine'
		contains through
		contains fine
	done
}

@test "terminal: a debugger works, and in app it does not" {
	requires_program /usr/bin/strace
	under terminal 'strace -f -o trace sh -c true && wc -l <trace && echo fine'
	contains fine
	under app 'strace -o trace true || echo none'
	contains none
}

@test "app, web: Python with threads, processes, sockets and a database" {
	requires_program /usr/bin/python3
	local policy
	cat >"$ROOT/upper/program.py" <<-'END'
		import asyncio, ctypes, mmap, multiprocessing, os, random, sqlite3, socket, ssl, subprocess, tempfile, threading
		with multiprocessing.Pool(2) as pool:
		    assert pool.map(abs, [-1, -2]) == [1, 2]
		thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
		assert subprocess.run(["/bin/echo", "x"], capture_output=True).stdout == b"x\n"
		db = sqlite3.connect("/tmp/x.db"); db.execute("create table t (a)"); db.execute("insert into t values (1)"); db.commit()
		async def main():
		    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
		    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
		    assert await reader.read() == b""
		asyncio.run(main())
		mmap.mmap(-1, 4096).close(); tempfile.TemporaryFile().write(b"x"); os.urandom(8); ssl.create_default_context()
		socket.getaddrinfo("127.0.0.1", 80); os.memfd_create("x"); os.sched_getaffinity(0)
		print("fine")
	END
	for policy in app web; do
		under $policy '/usr/bin/python3 /program.py'
		contains fine
	done
}

@test "app, web: Node with a server, a worker, a child" {
	requires_program /usr/bin/node
	local policy
	cat >"$ROOT/upper/program.js" <<-'END'
		const http = require("http"), fs = require("fs"), { Worker } = require("worker_threads"), { execFileSync } = require("child_process");
		fs.writeFileSync("/tmp/x", "x"); fs.watch("/tmp").close();
		console.log(execFileSync("/bin/echo", ["child"]).toString());
		const server = http.createServer((q, s) => s.end("served")).listen(0, "127.0.0.1", () =>
			http.get({ port: server.address().port, host: "127.0.0.1" }, r => r.on("data", d => console.log(`${d}`)).on("end", () => server.close())));
		new Worker("require('worker_threads').parentPort.postMessage('worker')", { eval: true }).on("message", m => console.log(m));
		require("crypto").pbkdf2("a", "b", 1000, 8, "sha256", () => console.log("pool"));
	END
	for policy in app web; do
		under $policy '/usr/bin/node /program.js'
		contains child
		contains served
		contains worker
		contains pool
	done
}

@test "app, web: a Java virtual machine" {
	requires_program /usr/bin/java
	local policy
	for policy in app web; do
		under $policy 'java -Xshare:auto -XX:+UseG1GC -Xmx64m -version && java -XX:+UseSerialGC -XshowSettings:system -version'
		contains 'Runtime Environment'
	done
}

@test "web: nginx serves, with workers, from the ports below 1024" {
	requires_program /usr/sbin/nginx
	requires_command busybox
	cat >"$ROOT/upper/nginx.conf" <<-'END'
		worker_processes 2; pid /tmp/nginx.pid; error_log /dev/stderr; events { }
		http { access_log off; client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d;
			scgi_temp_path /tmp/e; aio threads; sendfile on; server { listen 80; root /usr/share; location / { autoindex on; } } }
	END
	under web 'nginx -c /nginx.conf -g "daemon off;" & sleep 1; busybox wget -qO- http://127.0.0.1/ | grep -c doc; nginx -c /nginx.conf -s reload; sleep 0.5
		busybox wget -qO- http://127.0.0.1/doc/ >/dev/null && echo served; nginx -c /nginx.conf -s quit; wait; echo ended'
	contains served
	contains ended
}

@test "database: PostgreSQL is made, runs parallel queries and stops" {
	local bin
	for bin in /usr/lib/postgresql/*/bin; do
		[[ -x $bin/postgres ]] || skip "PostgreSQL is not installed"
	done
	under database "export PATH=$bin:\$PATH; initdb -D /tmp/data -U tester --auth=trust >/dev/null && pg_ctl -D /tmp/data -o '-k /tmp -c listen_addresses= ' -w -l /tmp/log start >/dev/null &&
		psql -h /tmp -U tester postgres -c 'create table t as select generate_series(1, 200000) a' -c 'set min_parallel_table_scan_size = 0' -c 'set parallel_setup_cost = 0' \\
			-c 'select sum(a) from t' -c 'vacuum analyze t' -c checkpoint; pg_ctl -D /tmp/data -m fast -w stop >/dev/null && echo stopped || cat /tmp/log"
	contains 20000100000
	contains stopped
}

@test "cache: Redis keeps, saves by a fork, and appends" {
	requires_program /usr/bin/redis-server
	under cache 'redis-server --port 6379 --dir /tmp --save "" --appendonly yes --daemonize yes >/dev/null; sleep 0.5
		redis-cli set a b; redis-cli bgsave; redis-cli eval "return redis.call(\"get\", \"a\")" 0; sleep 0.5; redis-cli info persistence | grep bgsave_status; redis-cli shutdown nosave; ls /tmp'
	contains OK
	contains 'rdb_last_bgsave_status:ok'
	contains dump.rdb
}

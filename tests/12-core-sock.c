// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 12. Pair: TCP connections that are begun. Exercise: TCP connections that are accepted. All of
 * them stay on the loopback device, but for those that have no route.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include "harness.h"

enum { MAX_CALLS = 1024, CC_LEN = 16, FORBIDDEN_PORT = 1 };

union address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* A connect or an accept. */
struct call {
	pid_t pid, tid;
	unsigned owner;
	int result; /* 0 or an error code; accept: an error code means that there is no socket */
	union address local, remote;
	char cc[CC_LEN], comm[16];
	bool mapped; /* the client's IPv4 address is one of IPv6 to the server */
};

enum kind { V4, V6, MAPPED, KINDS };

/* Memory that all the processes share. */
static struct stage {
	struct call call[MAX_CALLS];
	int nr_calls;
	int primes[8];
	unsigned owner[4];
	const char *cc[KINDS];
	char name[2][24];
	union address server[KINDS], client[KINDS], nowhere[KINDS];
	pid_t waiter;
	volatile int signals; /* handled */
} * stage;

/* --- both cases --- */

static socklen_t address_len(const union address *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static unsigned port(const union address *a)
{
	return ntohs(a->sa.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port);
}

static void set_port(union address *a, unsigned number)
{
	if (a->sa.sa_family == AF_INET)
		a->v4.sin_port = htons(number);
	else
		a->v6.sin6_port = htons(number);
}

static union address ipv4(uint32_t host)
{
	return (union address){ .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(host) } };
}

static union address ipv6(uint64_t top, uint64_t low)
{
	union address a = { .v6 = { .sin6_family = AF_INET6 } };

	for (int i = 0; i < 8; i++) {
		a.v6.sin6_addr.s6_addr[i] = top >> (56 - 8 * i);
		a.v6.sin6_addr.s6_addr[8 + i] = low >> (56 - 8 * i);
	}
	return a;
}

static union address mapped(const union address *v4)
{
	return ipv6(0, 0xffffULL << 32 | ntohl(v4->v4.sin_addr.s_addr));
}

/* The loopback device gets an address that only this run knows. */
static union address add_ipv6(struct stim *s)
{
	uint64_t prefix = 0x20010db8ULL << 32 | stim__rand(s, 1ULL << 32);
	/* In its last half it looks like a mapped one. */
	union address a = ipv6(prefix, 0xffffULL << 32 | (1 + stim__rand(s, (1ULL << 32) - 1)));
	struct {
		struct in6_addr address;
		uint32_t prefix_len;
		int index;
	} request = { a.v6.sin6_addr, 128, if_nametoindex("lo") };
	int fd = stim__try(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	if (ioctl(fd, SIOCSIFADDR, &request) && errno != EEXIST)
		stim__fail("SIOCSIFADDR: %s", strerror(errno));
	/* The kernel takes it into use later, from a thread of its own. */
	while (bind(fd, &a.sa, sizeof(a.v6))) {
		if (errno != EADDRNOTAVAIL)
			stim__fail("bind: %s", strerror(errno));
		poll(NULL, 0, 1);
	}
	close(fd);
	return a;
}

static union address loopback(struct stim *s)
{
	return ipv4(127U << 24 | (1 + stim__rand(s, 0xfffffd)));
}

static void make_stage(struct stim *s)
{
	static const int primes[] = { 2, 3, 5, 7 };

	stage = stim__try(mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(stage->primes); i++)
		stage->primes[i] = primes[stim__rand(s, ARRAY_SIZE(primes))];
	for (size_t i = 0; i < ARRAY_SIZE(stage->owner); i++)
		stage->owner[i] = stim__rand(s, 1U << 31);
	for (int i = 0; i < KINDS; i++)
		stage->cc[i] = stim__rand(s, 2) ? "reno" : "cubic";
	/* Both occur. */
	stage->cc[stim__rand(s, KINDS - 1)] =
		!strcmp(stage->cc[KINDS - 1], "reno") ? "cubic" : "reno";
	snprintf(stage->name[0], sizeof(stage->name[0]), "net %03x",
		 (unsigned)stim__rand(s, 0x1000));
	snprintf(stage->name[1], sizeof(stage->name[1]), "long-named-client-%03x",
		 (unsigned)stim__rand(s, 0x1000));
	stage->server[V4] = loopback(s);
	stage->client[V4] = loopback(s);
	stage->nowhere[V4] = ipv4(0xc6120000 + stim__rand(s, 0x10000)); /* RFC 2544 */
	stage->server[V6] = add_ipv6(s);
	stage->client[V6] = add_ipv6(s);
	stage->nowhere[V6] = ipv6(0x0100ULL << 48, 1 + stim__rand(s, 1 << 30)); /* RFC 6666 */
	stage->server[MAPPED] = mapped(&stage->server[V4]);
	stage->client[MAPPED] = mapped(&stage->client[V4]);
	stage->nowhere[MAPPED] = mapped(&stage->nowhere[V4]);
	for (int i = 0; i < KINDS; i++)
		set_port(&stage->nowhere[i], 1 + stim__rand(s, 65535));
}

static int tcp_socket(const union address *a)
{
	return stim__try(socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static union address bound_to(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);

	stim__try(getsockname(fd, &a.sa, &len));
	return a;
}

static int bound_socket(const union address *a)
{
	int fd = tcp_socket(a), yes = 1;

	stim__try(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)));
	stim__try(bind(fd, &a->sa, address_len(a)));
	return fd;
}

static int listen_at(union address *a, const char *cc)
{
	int fd = bound_socket(a);

	if (cc)
		stim__try(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, strlen(cc)));
	stim__try(listen(fd, 128));
	*a = bound_to(fd);
	return fd;
}

static struct call *add_call(void)
{
	int nr = __atomic_fetch_add(&stage->nr_calls, 1, __ATOMIC_RELAXED);
	struct call *c;

	if (nr >= MAX_CALLS)
		stim__fail("more than %d calls", MAX_CALLS);
	c = &stage->call[nr];
	c->pid = getpid();
	c->tid = syscall(SYS_gettid);
	stim__try(prctl(PR_GET_NAME, c->comm));
	return c;
}

static pthread_t start_thread(void *(*fn)(void *), void *arg)
{
	pthread_t id;
	int err = pthread_create(&id, NULL, fn, arg);

	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	return id;
}

static const char *ip_text(const union address *a, char text[INET6_ADDRSTRLEN])
{
	const void *ip = a->sa.sa_family == AF_INET ? (void *)&a->v4.sin_addr : &a->v6.sin6_addr;

	return inet_ntop(a->sa.sa_family, ip, text, INET6_ADDRSTRLEN);
}

/* Sockets that neither case is about. */
static void use_others(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0stimulus" };
	int udp = stim__try(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	int server = stim__try(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int client = stim__try(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	stim__try(connect(udp, &stage->server[V4].sa, sizeof(stage->server[V4].v4)));
	stim__try(bind(server, (struct sockaddr *)&name, sizeof(name)));
	stim__try(listen(server, 1));
	stim__try(connect(client, (struct sockaddr *)&name, sizeof(name)));
	close(stim__try(accept(server, NULL, NULL)));
	close(client);
	close(server);
	close(udp);
}

static void own_calls(struct stim *s)
{
	for (struct call *c = stage->call; c < stage->call + stage->nr_calls; c++) {
		stim__own(s, c->pid);
		if (c->tid != c->pid)
			stim__own(s, c->tid);
	}
}

/* Two processes with two threads each, which have names of their own, one after the other. */
static void run_workers(struct stim *s, void (*work)(void *))
{
	pid_t pid;

	for (int i = 0; i < 2; i++) {
		pid = stim__fork(s, work, stage->name[i]);
		stim__wait(pid);
		stim__own(s, pid);
	}
	own_calls(s);
}

/* --- pair: connects --- */

/* Notes a connect(): what it was asked, and what the function in the kernel said. */
static struct call *note_connect(int fd, const union address *to, int result, unsigned owner)
{
	struct call *c = add_call();

	c->result = result;
	c->owner = owner;
	c->remote = *to;
	if (!result)
		c->local = bound_to(fd);
	return c;
}

static void expect_error(int value, int error)
{
	if (value != -1 || errno != error)
		stim__fail("connect: '%s', not '%s'", value ? strerror(errno) : "OK",
			   strerror(error));
}

static void connect_often(int n, const union address *to, unsigned owner)
{
	while (n--) {
		int fd = tcp_socket(to);

		stim__try(fchown(fd, owner, -1)); /* as if another user had made it */
		stim__try(connect(fd, &to->sa, address_len(to)));
		note_connect(fd, to, 0, owner);
		expect_error(connect(fd, &to->sa, address_len(to)), EISCONN);
		close(fd);
	}
}

/* Goes on while nobody waits; or ends with an answer that comes after the function has returned. */
static void connect_later(const union address *to, const union address *refused)
{
	int fd = tcp_socket(to);

	stim__try(fcntl(fd, F_SETFL, O_NONBLOCK));
	expect_error(connect(fd, &to->sa, address_len(to)), EINPROGRESS);
	note_connect(fd, to, 0, 0);
	close(fd);
	/* Bound to a port, because a refused socket forgets what it was given. */
	fd = tcp_socket(refused);
	stim__try(bind(fd, &stage->client[V4].sa, sizeof(stage->client[V4].v4)));
	note_connect(fd, refused, 0, 0);
	expect_error(connect(fd, &refused->sa, address_len(refused)), ECONNREFUSED);
	close(fd);
}

static void connect_nowhere(int n, const union address *to, unsigned owner)
{
	while (n--) {
		int fd = tcp_socket(to);

		stim__try(fchown(fd, owner, -1));
		expect_error(connect(fd, &to->sa, address_len(to)), ENETUNREACH);
		note_connect(fd, to, ENETUNREACH, owner);
		close(fd);
	}
}

/* From one port to one port there is only one connection. */
static void connect_twice(const union address *to)
{
	int first = bound_socket(&stage->client[V4]), second;
	union address from = bound_to(first);

	stim__try(connect(first, &to->sa, address_len(to)));
	note_connect(first, to, 0, 0);
	second = bound_socket(&from);
	expect_error(connect(second, &to->sa, address_len(to)), EADDRNOTAVAIL);
	note_connect(second, to, EADDRNOTAVAIL, 0);
	close(second);
	close(first);
}

/* To no address in particular means to this machine. */
static void connect_any(const union address *any, const union address *self)
{
	union address to = *any, there = *self;
	int server = listen_at(&to, NULL), fd = tcp_socket(any);

	set_port(&there, port(&to));
	stim__try(connect(fd, &to.sa, address_len(&to)));
	note_connect(fd, &there, 0, 0);
	close(fd);
	close(server);
}

/* A connection without connect(). */
static void connect_by_sending(const union address *to)
{
	int fd = tcp_socket(to);

	stim__try(sendto(fd, "x", 1, MSG_FASTOPEN, &to->sa, address_len(to)));
	note_connect(fd, to, 0, 0);
	close(fd);
}

static void *connect_all_kinds(void *name)
{
	const int *n = stage->primes;
	union address to[KINDS], refused = stage->server[V4], any4 = ipv4(0), self4, any6, self6;
	int server[KINDS];

	stim__try(prctl(PR_SET_NAME, name));
	memcpy(to, stage->server, sizeof(to));
	self4 = ipv4(INADDR_LOOPBACK);
	any6 = ipv6(0, 0);
	self6 = ipv6(0, 1);
	server[V4] = listen_at(&to[V4], NULL);
	server[V6] = listen_at(&to[V6], NULL);
	set_port(&to[MAPPED], port(&to[V4]));
	set_port(&refused, FORBIDDEN_PORT);
	for (int i = 0; i < KINDS; i++) {
		connect_often(n[i], &to[i], stage->owner[i]);
		connect_nowhere(n[KINDS + i], &stage->nowhere[i], stage->owner[KINDS - i]);
	}
	use_others();
	connect_later(&to[V6], &refused);
	connect_twice(&to[V4]);
	connect_any(&any4, &self4);
	connect_any(&any6, &self6);
	connect_by_sending(&to[V4]);
	connect_by_sending(&to[MAPPED]);
	connect_by_sending(&to[V6]);
	close(server[V4]);
	close(server[V6]);
	return NULL;
}

static void connect_in_threads(void *name)
{
	connect_all_kinds(name);
	pthread_join(start_thread(connect_all_kinds, "thread"), NULL);
}

static void run_pair(struct stim *s)
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	make_stage(s);
	run_workers(s, connect_in_threads);
	for (struct call *c = stage->call; c < stage->call + stage->nr_calls; c++) {
		int version = c->remote.sa.sa_family == AF_INET ? 4 : 6;

		ip_text(&c->remote, remote);
		if (c->result)
			stim__row(s, "%d %u %s %d - - %s %u %s", c->pid, c->owner,
				  strerrorname_np(c->result), version, remote, port(&c->remote),
				  c->comm);
		else
			stim__row(s, "%d %u OK %d %s %u %s %u %s", c->pid, c->owner, version,
				  ip_text(&c->local, local), port(&c->local), remote,
				  port(&c->remote), c->comm);
	}
}

/* --- exercise: accepts --- */

static int client_of(const union address *server, const union address *from)
{
	int fd = bound_socket(from);

	stim__try(connect(fd, &server->sa, address_len(server)));
	return fd;
}

/* What there is to tell about a connection, by the socket at its other end. */
static void note_accept(int server, int client, const char *cc)
{
	struct call *c = add_call();
	socklen_t len = sizeof(c->local);

	c->remote = bound_to(client);
	c->mapped = c->remote.sa.sa_family != bound_to(server).sa.sa_family;
	stim__try(getpeername(client, &c->local.sa, &len));
	strcpy(c->cc, cc);
}

static void note_failure(void)
{
	add_call()->result = EAGAIN;
}

/* Several ways, the last of which loses what it has got. */
static void accept_one(int server, int client, int way, const char *cc)
{
	socklen_t len = sizeof(union address);
	int fd;

	if (way == 0)
		close(stim__try(accept(server, NULL, NULL)));
	else if (way == 1)
		close(stim__try(accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)));
	else if ((fd = syscall(SYS_accept4, server, (void *)1, &len, SOCK_CLOEXEC)) != -1 ||
		 errno != EFAULT)
		stim__fail("accept4: no EFAULT");
	note_accept(server, client, cc);
}

/* Clients connect all at once, so that they wait in the listener's queue. `to` is where, which differs
 * from the listener's own address when that takes any.
 */
static void accept_often(int n, int server, const union address *to, const union address *from,
			 const char *cc)
{
	int client[16];

	for (int i = 0; i < n; i++)
		client[i] = client_of(to, from);
	for (int i = 0; i < n; i++)
		accept_one(server, client[i], i % 3, cc);
	for (int i = 0; i < n; i++)
		close(client[i]);
}

/* There is nobody to accept, or nothing to accept with. */
static void accept_nothing(int n, int server)
{
	union address a = ipv4(INADDR_LOOPBACK);
	int unused = bound_socket(&a);

	stim__try(fcntl(server, F_SETFL, O_NONBLOCK));
	while (n--) {
		if (accept(server, NULL, NULL) != -1 || errno != EAGAIN)
			stim__fail("accept: no EAGAIN");
		note_failure();
	}
	stim__try(fcntl(server, F_SETFL, 0));
	if (accept(unused, NULL, NULL) != -1 || errno != EINVAL)
		stim__fail("accept: no EINVAL");
	note_failure();
	close(unused);
}

/* --- exercise: an accept that waits --- */

static void count_signal(int sig __maybe_unused)
{
	__atomic_fetch_add(&stage->signals, 1, __ATOMIC_RELEASE);
}

/* Returns when the thread sleeps in this system call. */
static void wait_for_call(pid_t tid, int nr)
{
	char path[64], text[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	do {
		sched_yield();
		fd = stim__try(open(path, O_RDONLY | O_CLOEXEC));
		len = stim__try(read(fd, text, sizeof(text) - 1));
		text[len] = '\0';
		close(fd);
	} while (text[0] < '0' || text[0] > '9' || atoi(text) != nr);
}

/* The first call is interrupted, the second one gets a connection. */
static void *accept_slowly(void *arg)
{
	const int *pair = arg; /* the listener and the client */

	__atomic_store_n(&stage->waiter, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (syscall(SYS_accept, pair[0], NULL, NULL) != -1 || errno != EINTR)
		stim__fail("accept: no EINTR");
	note_failure();
	close(stim__try(syscall(SYS_accept, pair[0], NULL, NULL)));
	note_accept(pair[0], pair[1], "cubic");
	return NULL;
}

static void accept_while_waiting(void)
{
	struct sigaction action = { .sa_handler = count_signal };
	union address to = stage->server[V4];
	int before = stage->signals, pair[2];
	pthread_t id;
	pid_t tid;

	stage->waiter = 0;
	stim__try(sigaction(SIGUSR1, &action, NULL));
	pair[0] = listen_at(&to, "cubic");
	pair[1] = bound_socket(&stage->client[V4]);
	id = start_thread(accept_slowly, pair);
	while (!(tid = __atomic_load_n(&stage->waiter, __ATOMIC_ACQUIRE)))
		sched_yield();
	wait_for_call(tid, SYS_accept);
	stim__try(syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	while (__atomic_load_n(&stage->signals, __ATOMIC_ACQUIRE) == before)
		sched_yield();
	wait_for_call(tid, SYS_accept);
	stim__try(connect(pair[1], &to.sa, address_len(&to)));
	pthread_join(id, NULL);
	close(pair[1]);
	close(pair[0]);
}

/* A listener of one version, and one that takes both, to which IPv4 clients have mapped addresses. */
static void *accept_all_kinds(void *name)
{
	union address own4 = stage->server[V4], own6 = stage->server[V6], any = ipv6(0, 0);
	union address to4 = own4, to6 = own6, one = ipv6(0, 1), to_one = one;
	union address placeholder = ipv4(0x7f000006);
	const int *n = stage->primes;
	int server4, server6, both;

	stim__try(prctl(PR_SET_NAME, name));
	server4 = listen_at(&own4, stage->cc[V4]);
	server6 = listen_at(&own6, stage->cc[V6]);
	both = listen_at(&any, stage->cc[MAPPED]);
	set_port(&to4, port(&any));
	set_port(&to6, port(&any));
	set_port(&to_one, port(&any));
	accept_often(n[0], server4, &own4, &stage->client[V4], stage->cc[V4]);
	accept_often(n[1], server6, &own6, &stage->client[V6], stage->cc[V6]);
	accept_often(n[2], both, &to4, &stage->client[V4], stage->cc[MAPPED]);
	accept_often(n[3], both, &to6, &stage->client[V6], stage->cc[MAPPED]);
	/* Addresses that are nearly mapped, or what IPv6 sockets have in skc_daddr. */
	accept_often(1, both, &to_one, &one, stage->cc[MAPPED]);
	accept_often(1, both, &to4, &placeholder, stage->cc[MAPPED]);
	accept_nothing(n[4], both);
	use_others();
	close(both);
	close(server6);
	close(server4);
	return NULL;
}

static void accept_in_threads(void *name)
{
	accept_all_kinds(name);
	pthread_join(start_thread(accept_all_kinds, "thread"), NULL);
	accept_while_waiting();
}

/* What a program reads of a socket: the right things, or one of them wrong. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	enum { NO_ROW, ROW_AS_IPV4, ROW_AS_IPV6 } failure;
	bool tid, swap_local, swap_remote, mapped, all_ipv4, own_address, first_bytes;
	const char *cc;
};

#define SWAPPED "convert what lies in network order, and only that"

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "PID is the ID of the thread: the process's ID is in the upper half of "
		      "bpf_get_current_pid_tgid()",
	  .tid = true },
	{ .sentence = "failed calls have rows of zeros: without a connection the function returns "
		      "NULL, and a read of what is behind it yields 0",
	  .failure = ROW_AS_IPV6 },
	{ .sentence = "failed calls have rows of zeros: without a connection the function returns "
		      "NULL, and a read of what is behind it yields 0 in each field",
	  .failure = ROW_AS_IPV4 },
	{ .sentence = "RPORT has its two bytes swapped: " SWAPPED, .swap_remote = true },
	{ .sentence = "LPORT has its two bytes swapped: " SWAPPED, .swap_local = true },
	{ .sentence = "LPORT and RPORT have their two bytes swapped: " SWAPPED,
	  .swap_local = true,
	  .swap_remote = true },
	{ .sentence = "IPv4 clients of an IPv6 socket count as IPv6: their addresses are mapped, "
		      "::ffff:a.b.c.d",
	  .mapped = true },
	{ .sentence = "IPv6 clients have IPv4 addresses: in their sockets, skc_daddr is a "
		      "placeholder",
	  .all_ipv4 = true },
	{ .sentence = "RADDR is the server's own address: skc_rcv_saddr is where packets come to, "
		      "skc_daddr is where they go",
	  .own_address = true },
	{ .sentence = "of IPv6 addresses there are the first four bytes: BPF_CORE_READ_INTO() "
		      "copies as "
		      "many as its destination has room for",
	  .first_bytes = true },
	{ .sentence =
		  "CC is always cubic, the default: the listener has chosen, and its connections "
		  "inherit that",
	  .cc = "cubic" },
};

static unsigned swapped(unsigned number, bool swap)
{
	return swap ? ntohs(number) : number;
}

static void accept_row(struct stim *s, const struct view *v, const struct call *c)
{
	const union address *a = v->own_address ? &c->local : &c->remote;
	pid_t pid = v->tid ? c->tid : c->pid;
	char text[INET6_ADDRSTRLEN];
	union address other;
	int version = a->sa.sa_family == AF_INET ? 4 : 6;

	if (c->result && v->failure) {
		version = v->failure == ROW_AS_IPV4 ? 4 : 6;
		stim__row(s, "%d %d 0 %s 0 - %s", pid, version,
			  version == 4 ? "0.0.0.0" : "::", c->comm);
	}
	if (c->result)
		return;
	if (version == 6 && v->all_ipv4) {
		other = ipv4(0x7f000006); /* LOOPBACK4_IPV6 of include/net/ipv6.h */
		a = &other;
		version = 4;
	} else if (version == 4 && v->mapped && c->mapped) {
		other = mapped(a);
		a = &other;
		version = 6;
	}
	if (v->first_bytes && (version == 6 || c->mapped)) {
		other = version == 6 ? *a : ipv6(0, 0);
		memset(&other.v6.sin6_addr.s6_addr[4], 0, 12);
		a = &other;
		version = 6;
	}
	stim__row(s, "%d %d %u %s %u %s %s", pid, version, swapped(port(&c->local), v->swap_local),
		  ip_text(a, text), swapped(port(&c->remote), v->swap_remote),
		  v->cc ? v->cc : c->cc, c->comm);
}

static void run_exercise(struct stim *s)
{
	make_stage(s);
	run_workers(s, accept_in_threads);
	for (const struct view *v = views; v < views + ARRAY_SIZE(views); v++) {
		stim__mistake(s, v->sentence);
		for (struct call *c = stage->call; c < stage->call + stage->nr_calls; c++)
			accept_row(s, v, c);
	}
}

const struct test_case pair = {
	.columns = "PID OWNER RESULT IP LADDR LPORT RADDR RPORT COMM",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=kprobe/tcp_v4_connect *", "a program where IPv4 connections begin" },
		{ "program * section=kprobe/tcp_v6_connect *", "a program where IPv6 connections begin" },
		{ "program * section=kretprobe/tcp_v4_connect *", "a program at tcp_v4_connect()'s return" },
		{ "program * section=kretprobe/tcp_v6_connect *", "a program at tcp_v6_connect()'s return" },
	},
};

const struct test_case exercise = {
	.columns = "PID IP LPORT RADDR RPORT CC COMM",
	.own = "PID",
	.run = run_exercise,
	.needs = {
		{ "program * section=kretprobe/inet_csk_accept *",
		  "a program at the return of inet_csk_accept()" },
		{ "relocation * byte_off *.skc_num", "a CO-RE read of skc_num" },
		{ "relocation * byte_off *.skc_dport", "a CO-RE read of skc_dport" },
		{ "relocation * byte_off *.skc_v6_daddr*", "a CO-RE read of skc_v6_daddr" },
		{ "relocation * byte_off *icsk_ca_ops", "a CO-RE read of icsk_ca_ops" },
		{ "relocation * byte_off tcp_congestion_ops.name*",
		  "a CO-RE read of tcp_congestion_ops.name" },
	},
};

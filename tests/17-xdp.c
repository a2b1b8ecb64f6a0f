// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames of every kind that a parser stumbles over, sent to two veth pairs: one for each tool. A frame
 * is sent only when the one before it has come out behind XDP, so a program that keeps frames back
 * breaks off its own conversation and counts too little.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include "harness.h"

#define PATIENCE_MS 5000
#define MAX_FRAMES  640
#define MAX_LENGTH  640
#define SWAPPED	    0x0008 /* reads as ETH_P_IP when the bytes are not put in order */

enum place { TCP, UDP, ICMP, OTHER, ROWS, NOWHERE = ROWS };
enum ethertype { IPV4, IPV6, ARP, VLAN, ELSE, ETHERTYPES };

struct kind {
	const char *what;
	uint16_t type;	  /* EtherType, behind the tags */
	uint8_t protocol; /* that the IP header names */
	uint8_t row;	  /* where it counts */
	uint16_t tags[3]; /* TPIDs, the outermost first */
	uint16_t options; /* bytes of IPv4 options, or of the hop-by-hop header */
	uint16_t length;  /* the frame ends here, 0: behind a payload */
	uint8_t ihl;	  /* a lie about the header's length, 0: the truth */
};

#define KIND(w, t, p, r, ...)                                              \
	{                                                                  \
		.what = w, .type = t, .protocol = p, .row = r, __VA_ARGS__ \
	}
#define IP4(p, r, ...) KIND(#r " in IPv4", ETH_P_IP, p, r, __VA_ARGS__)
#define IP6(p, r, ...) KIND(#r " in IPv6", ETH_P_IPV6, p, r, __VA_ARGS__)
#define NOT_IP(t, ...) KIND("not IP", t, IPPROTO_TCP, OTHER, __VA_ARGS__)
#define TAGGED(...)    .tags = { __VA_ARGS__ }
#define Q	       ETH_P_8021Q
#define AD	       ETH_P_8021AD

static const struct kind kinds[] = {
	IP4(IPPROTO_TCP, TCP),
	IP4(IPPROTO_UDP, UDP),
	IP4(IPPROTO_ICMP, ICMP),
	IP4(IPPROTO_GRE, OTHER),
	IP4(IPPROTO_ICMPV6, OTHER),
	IP4(IPPROTO_TCP, TCP, .options = 4),
	IP4(IPPROTO_UDP, UDP, .options = 40),
	IP6(IPPROTO_TCP, TCP),
	IP6(IPPROTO_UDP, UDP),
	IP6(IPPROTO_ICMPV6, ICMP),
	IP6(IPPROTO_ICMP, OTHER),
	IP6(IPPROTO_ROUTING, OTHER),
	IP6(IPPROTO_FRAGMENT, OTHER),
	IP6(IPPROTO_TCP, TCP, .options = 24),
	IP6(IPPROTO_UDP, UDP, .options = 264),
	IP6(IPPROTO_ICMPV6, ICMP, .options = 8),
	IP6(IPPROTO_DSTOPTS, OTHER, .options = 8),
	IP6(IPPROTO_HOPOPTS, OTHER, .options = 16),

	IP4(IPPROTO_TCP, TCP, TAGGED(Q)),
	IP4(IPPROTO_ICMP, ICMP, TAGGED(AD)),
	IP4(IPPROTO_UDP, UDP, TAGGED(AD, Q), .options = 12),
	IP4(IPPROTO_TCP, TCP, TAGGED(Q, Q)),
	IP6(IPPROTO_UDP, UDP, TAGGED(Q)),
	IP6(IPPROTO_ICMPV6, ICMP, TAGGED(Q), .options = 8),
	IP6(IPPROTO_TCP, TCP, TAGGED(AD, Q)),
	IP4(IPPROTO_UDP, OTHER, TAGGED(AD, Q, Q)),

	NOT_IP(ETH_P_ARP),
	NOT_IP(ETH_P_ARP, TAGGED(Q)),
	NOT_IP(ETH_P_MPLS_UC),
	NOT_IP(SWAPPED),

	/* The frame ends right behind the headers: nothing is missing. */
	IP4(IPPROTO_TCP, TCP, .length = 34),
	IP4(IPPROTO_ICMP, ICMP, .options = 8, .length = 42),
	IP6(IPPROTO_UDP, UDP, .length = 54),
	IP6(IPPROTO_ICMPV6, ICMP, .options = 8, .length = 62),

	/* It ends too early. */
	IP4(IPPROTO_TCP, OTHER, .length = 14),
	IP4(IPPROTO_TCP, OTHER, .length = 33),
	IP4(IPPROTO_UDP, OTHER, .options = 40, .length = 60),
	IP6(IPPROTO_TCP, OTHER, .length = 53),
	IP6(IPPROTO_TCP, OTHER, .options = 16, .length = 55),
	IP6(IPPROTO_UDP, OTHER, .options = 24, .length = 70),
	IP6(IPPROTO_TCP, OTHER, .options = 264, .length = 100),
	IP4(IPPROTO_TCP, OTHER, TAGGED(Q), .length = 17),
	IP4(IPPROTO_TCP, OTHER, TAGGED(Q), .length = 28),
	IP4(IPPROTO_UDP, OTHER, TAGGED(AD, Q), .length = 20),
	IP6(IPPROTO_UDP, OTHER, TAGGED(AD, Q), .length = 60),

	/* No IPv4 header is shorter than 20 bytes. */
	IP4(IPPROTO_UDP, OTHER, .ihl = 4),
};

struct frame {
	const struct kind *kind;
	size_t len;
	uint8_t data[MAX_LENGTH];
};

static struct frame frames[MAX_FRAMES];
static size_t frame_count;
static unsigned last_cpu;

/* --- frames --- */
static void put16(uint8_t *to, uint16_t value)
{
	value = htons(value);
	memcpy(to, &value, sizeof(value));
}

static void put32(uint8_t *to, uint32_t value)
{
	value = htonl(value);
	memcpy(to, &value, sizeof(value));
}

static uint8_t *put_ipv4(uint8_t *ip, const struct kind *k)
{
	size_t len = 20 + k->options;

	ip[0] = 0x40 | (k->ihl ? k->ihl : len / 4);
	ip[8] = 64;
	ip[9] = k->protocol;
	return ip + len;
}

static uint8_t *put_ipv6(uint8_t *ip, const struct kind *k)
{
	uint8_t *hop = ip + 40;

	ip[0] = 0x60;
	ip[6] = k->options ? IPPROTO_HOPOPTS : k->protocol;
	ip[7] = 64;
	if (k->options) {
		hop[0] = k->protocol;
		hop[1] = k->options / 8 - 1;
	}
	return hop + k->options;
}

static void build(struct stim *s, struct frame *f, const struct kind *k)
{
	uint8_t *pos = f->data + 12;

	f->kind = k;
	for (size_t i = 0; i < sizeof(f->data); i++)
		f->data[i] = stim__rand(s, 256);
	f->data[0] = stim__rand(s, 2) ? 0x02 : 0x03; /* somebody else, or a group */
	f->data[6] = 0x02;
	for (int i = 0; i < 3 && k->tags[i]; i++, pos += 4)
		put16(pos, k->tags[i]);
	put16(pos, k->type);
	pos += 2;
	/* What is not IP looks like it behind its EtherType. */
	pos = k->type == ETH_P_IPV6 ? put_ipv6(pos, k) : put_ipv4(pos, k);
	f->len = k->length ? k->length : pos - f->data + 8 + stim__rand(s, 150);
}

/* The kernel drops a frame that ends within its first tag, behind XDP and before anybody can see it. */
static bool comes_out(const struct frame *f)
{
	return !f->kind->tags[0] || f->len >= ETH_HLEN + 6;
}

static void swap_frames(size_t a, size_t b)
{
	struct frame f = frames[a];

	frames[a] = frames[b];
	frames[b] = f;
}

/* Every kind a prime number of times, in any order, the last one a frame that comes out. */
static void build_all(struct stim *s)
{
	static const uint8_t primes[] = { 2, 3, 5, 7, 11, 13 };

	frame_count = 0;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (int n = primes[stim__rand(s, ARRAY_SIZE(primes))]; n; n--)
			build(s, &frames[frame_count++], &kinds[k]);
	for (size_t i = frame_count; i > 1; i--)
		swap_frames(i - 1, stim__rand(s, i));
	for (size_t i = 0; !comes_out(&frames[frame_count - 1]); i++)
		swap_frames(i, frame_count - 1);
	for (size_t i = 0; i < frame_count; i++)
		put32(frames[i].data + 8, i);
}

/* --- wires --- */
static struct wire {
	const char *tool, *device, *peer;
	int inside, outside; /* packet sockets on the device and on its peer */
	size_t sent;
	bool broken; /* a frame did not come out */
} wires[] = {
	{ .tool = "bcc", .device = "wbb0", .peer = "wbb0p" },
	{ .tool = "libbpf", .device = "wbl0", .peer = "wbl0p" },
};

static void shell(const char *fmt, ...) __printf(1, 2);
static void shell(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command))
		stim__fail("failed: %s", command);
}

static int packet_socket(const char *device)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	int on = 1;

	to.sll_ifindex = if_nametoindex(device);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)))
		stim__fail("%s: packet socket: %s", device, strerror(errno));
	return fd;
}

/* No addresses, no ARP, no groups, no IPv6: the kernel itself has nothing to say on these wires. */
static void quiet_up(const char *device)
{
	shell("f=/proc/sys/net/ipv6/conf/%s/disable_ipv6; test ! -e $f || echo 1 >$f", device);
	shell("ip link set dev %s arp off multicast off up", device);
}

static void setup(struct stim *s)
{
	last_cpu = stim__last_cpu();
	for (struct wire *w = wires; w < wires + ARRAY_SIZE(wires); w++) {
		shell("ip link add %s type veth peer name %s", w->device, w->peer);
		quiet_up(w->device);
		quiet_up(w->peer);
		w->inside = packet_socket(w->device);
		w->outside = packet_socket(w->peer);
		stim__arg(s, w->tool, "%s", w->device);
	}
}

static void send_frame(int fd, const struct frame *f)
{
	ssize_t n = send(fd, f->data, f->len, 0);

	if (n != (ssize_t)f->len)
		stim__fail("frame of %zu bytes (%s): %s", f->len, f->kind->what, strerror(errno));
}

/* What a packet socket gives is the frame without its outermost tag, and that tag beside it. */
static size_t receive(struct wire *w, uint8_t *frame, size_t size, bool *outgoing)
{
	union {
		char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { frame + 4, size - 4 };
	struct sockaddr_ll from;
	struct msghdr msg = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(w->inside, &msg, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct tpacket_auxdata aux = { 0 };

	if (n < 0)
		stim__fail("%s: receive: %s", w->device, strerror(errno));
	*outgoing = from.sll_pkttype == PACKET_OUTGOING;
	if (c && c->cmsg_type == PACKET_AUXDATA)
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	if (!(aux.tp_status & TP_STATUS_VLAN_VALID)) {
		memmove(frame, frame + 4, n);
		return n;
	}
	memmove(frame, frame + 4, 12);
	put16(frame + 12, aux.tp_vlan_tpid);
	put16(frame + 14, aux.tp_vlan_tci);
	return n + 4;
}

/* Whether the frame is the next one that the device hands on to the kernel, within PATIENCE_MS, and as
 * it was.
 */
static bool came_out(struct wire *w, const struct frame *f)
{
	struct pollfd pfd = { .fd = w->inside, .events = POLLIN };
	int64_t deadline = now_ms() + PATIENCE_MS, left;
	uint8_t frame[MAX_LENGTH + 4];

	while ((left = deadline - now_ms()) > 0 && poll(&pfd, 1, left) > 0) {
		bool outgoing;
		size_t n = receive(w, frame, sizeof(frame), &outgoing);

		if (!outgoing && !memcmp(frame, f->data, 12))
			return n == f->len && !memcmp(frame, f->data, n);
	}
	return false;
}

static void await(struct wire *w, const struct frame *f)
{
	w->broken = !came_out(w, f);
	if (w->broken && !strcmp(w->tool, "bcc"))
		stim__fail("%s: frame %zu (%s) did not come out", w->device, w->sent,
			   f->kind->what);
}

static void send_all(void)
{
	for (size_t i = 0; i < frame_count; i++) {
		/* What is received is worked on where it was sent. */
		if (i % 16 == 0)
			stim__pin(0, i % 32 ? last_cpu : 0);
		for (struct wire *w = wires; w < wires + ARRAY_SIZE(wires); w++) {
			if (w->broken)
				continue;
			send_frame(w->outside, &frames[i]);
			w->sent++;
			if (comes_out(&frames[i]))
				await(w, &frames[i]);
		}
	}
}

/* XDP sees what arrives. What leaves by the same device is no business of either tool. */
static void send_outwards(struct stim *s)
{
	size_t n = 1 + stim__rand(s, 20);

	for (struct wire *w = wires; w < wires + ARRAY_SIZE(wires); w++)
		for (size_t i = 0; i < n; i++)
			send_frame(w->inside, &frames[i]);
}

/* --- rows --- */
typedef int (*row_fn)(const struct kind *);

struct table {
	const char *names[ETHERTYPES + 1];
	row_fn row;
};

/* The rows for the first `n` frames, each in the row that `row` says. */
static void print_rows(struct stim *s, const struct table *t, row_fn row, size_t n)
{
	struct {
		size_t packets, bytes;
	} sums[ETHERTYPES + 1] = { 0 };

	for (size_t i = 0; i < n; i++) {
		int r = row(frames[i].kind);

		sums[r].packets++;
		sums[r].bytes += frames[i].len;
	}
	for (int r = 0; t->names[r]; r++)
		stim__row(s, "%s %zu %zu", t->names[r], sums[r].packets, sums[r].bytes);
}

/* What a program prints that let only the first frames through. */
static void print_broken(struct stim *s, const struct table *t, const struct wire *w)
{
	if (!w->broken)
		return;
	stim__mistake(s, "a frame was counted but not passed on as it was, so the sender "
			 "stopped: return XDP_PASS for every frame (0 is XDP_ABORTED), and change "
			 "none");
	print_rows(s, t, t->row, w->sent);
	stim__mistake(s, "a frame was neither counted nor passed on, so the sender stopped: return "
			 "XDP_PASS for every frame (0 is XDP_ABORTED)");
	print_rows(s, t, t->row, w->sent - 1);
}

static void run(struct stim *s, const struct table *t)
{
	build_all(s);
	send_outwards(s);
	send_all();
	print_rows(s, t, t->row, frame_count);
	print_broken(s, t, &wires[1]);
}

/* --- the pair: the outermost EtherType --- */
static int ethertype_row(const struct kind *k)
{
	switch (k->tags[0] ? k->tags[0] : k->type) {
	case ETH_P_IP:
		return IPV4;
	case ETH_P_IPV6:
		return IPV6;
	case ETH_P_ARP:
		return ARP;
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		return VLAN;
	default:
		return ELSE;
	}
}

static const struct table ethertypes = {
	.names = { "IPV4", "IPV6", "ARP", "VLAN", "OTHER" },
	.row = ethertype_row,
};

static void run_pair(struct stim *s)
{
	run(s, &ethertypes);
}

const struct test_case pair = {
	.columns = "ETHERTYPE PACKETS BYTES",
	.ordered = true,
	.setup = setup,
	.run = run_pair,
	.needs = {
		{ "program * section=xdp type=xdp*", "an XDP program, SEC(\"xdp\")" },
		{ "map * type=percpu_array *", "a per-CPU array" },
	},
};

/* --- the exercise: the protocol --- */
static bool is_ip(const struct kind *k)
{
	return k->type == ETH_P_IP || k->type == ETH_P_IPV6;
}

static bool is_cut(const struct kind *k)
{
	return k->length && k->row == OTHER;
}

static int named_row(const struct kind *k)
{
	if (k->protocol == IPPROTO_TCP)
		return TCP;
	return k->protocol == IPPROTO_UDP ? UDP : OTHER;
}

static int true_row(const struct kind *k)
{
	return k->row;
}

static int nowhere(const struct kind *k)
{
	(void)k;
	return NOWHERE;
}

static int ipv4_only(const struct kind *k)
{
	return k->type == ETH_P_IPV6 ? OTHER : k->row;
}

static int no_tags(const struct kind *k)
{
	return k->tags[0] ? OTHER : k->row;
}

static int one_tag(const struct kind *k)
{
	return k->tags[1] ? OTHER : k->row;
}

static int any_tags(const struct kind *k)
{
	return k->tags[2] ? named_row(k) : k->row;
}

static int no_service_tags(const struct kind *k)
{
	return k->tags[0] == AD ? OTHER : k->row;
}

static int no_byte_order(const struct kind *k)
{
	return k->type == SWAPPED ? named_row(k) : OTHER;
}

static int icmp_is_1(const struct kind *k)
{
	if (k->type != ETH_P_IPV6 || is_cut(k))
		return k->row;
	if (k->protocol == IPPROTO_ICMPV6)
		return OTHER;
	return k->protocol == IPPROTO_ICMP ? ICMP : k->row;
}

static int icmp_is_both(const struct kind *k)
{
	bool icmp = k->protocol == IPPROTO_ICMP || k->protocol == IPPROTO_ICMPV6;

	return icmp && is_ip(k) && !is_cut(k) ? ICMP : k->row;
}

static int no_hop_by_hop(const struct kind *k)
{
	return k->type == ETH_P_IPV6 && k->options ? OTHER : k->row;
}

static int no_options(const struct kind *k)
{
	return k->type == ETH_P_IP && k->options && is_cut(k) ? named_row(k) : k->row;
}

static int any_ihl(const struct kind *k)
{
	return k->ihl ? named_row(k) : k->row;
}

static int exact_is_cut(const struct kind *k)
{
	return k->length ? OTHER : k->row;
}

static int cut_nowhere(const struct kind *k)
{
	return is_cut(k) ? NOWHERE : k->row;
}

static int odd_nowhere(const struct kind *k)
{
	return is_cut(k) || !is_ip(k) ? NOWHERE : k->row;
}

static const struct table protocols = {
	.names = { "TCP", "UDP", "ICMP", "OTHER" },
	.row = true_row,
};

static const struct slip {
	row_fn row;
	const char *sentence;
} slips[] = {
	{ nowhere, "no frame was counted: is the program attached (the skeleton's attach() leaves "
		   "XDP programs out, since it does not know the interface), and are the counts "
		   "of all CPUs added up?" },
	{ ipv4_only, "IPv6 frames all count as OTHER" },
	{ no_tags,
	  "tagged frames all count as OTHER: the IP header comes behind the VLAN tags, and "
	  "so does the EtherType that says so" },
	{ one_tag, "frames with two VLAN tags all count as OTHER" },
	{ any_tags, "a frame with three VLAN tags counts as OTHER" },
	{ no_service_tags, "0x88a8 (802.1ad) is the EtherType of a VLAN tag, too" },
	{ no_byte_order, "the EtherType is compared in the wrong byte order: convert either side, "
			 "with bpf_ntohs() or bpf_htons()" },
	{ icmp_is_1, "ICMP in IPv6 has a number of its own, 58" },
	{ icmp_is_both, "1 means ICMP in IPv4 only, and 58 in IPv6 only" },
	{ no_hop_by_hop, "the protocol of a frame with a hop-by-hop header stands in that header" },
	{ no_options, "an IPv4 header is as long as ihl says: frames that end within the options "
		      "count as OTHER" },
	{ any_ihl, "an IPv4 header whose ihl is below 5 counts as OTHER" },
	{ exact_is_cut, "a header that ends where the frame ends is whole: > data_end, not >=" },
	{ cut_nowhere, "frames that are cut short were not counted, and belong to OTHER" },
	{ odd_nowhere,
	  "frames that are cut short or not IP were not counted, and belong to OTHER" },
};

static void run_exercise(struct stim *s)
{
	run(s, &protocols);
	for (size_t i = 0; i < ARRAY_SIZE(slips); i++) {
		stim__mistake(s, slips[i].sentence);
		print_rows(s, &protocols, slips[i].row, frame_count);
	}
}

const struct test_case exercise = {
	.columns = "PROTOCOL PACKETS BYTES",
	.ordered = true,
	.setup = setup,
	.run = run_exercise,
	.needs = {
		{ "program * section=xdp* type=xdp*", "an XDP program, SEC(\"xdp\")" },
		{ "!call * bpf_xdp_load_bytes", "direct packet access, no helper that copies" },
		{ "!call * bpf_probe_read*", "direct packet access, no read of kernel memory" },
		{ "map * type=percpu_*", "a map with a value for each CPU" },
		{ "!map * type=ringbuf *", "counting in the kernel, no ring buffer" },
		{ "!map * type=perf_event_array *", "counting in the kernel, no perf buffer" },
	},
};

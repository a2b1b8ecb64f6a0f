// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames for both directions of a tc hook, each tool on veth pairs of its own: ordinary ones, and those
 * that code written with ordinary ones in mind stumbles over. What comes out behind the hook is
 * compared byte for byte, and so is what the tools leave behind when they end.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include "harness.h"

#define PATIENCE_MS 5000
#define MAX_FRAMES  640
#define MAX_LENGTH  9000 /* a frame longer than a page lies in pieces */
#define MTU	    9000
#define FOREIGN	    0x88b5 /* the EtherType that somebody else's filter drops */
#define VLAN_ID	    7

enum shape {
	PLAIN,
	UNFINISHED, /* the kernel or the network card is to finish the transport checksum */
	SEGMENTS,   /* several TCP segments in one, to be cut later; unfinished as well */
	NO_SUM,	    /* UDP without checksum */
	TO_ZERO,    /* the new checksum comes out as zero */
};

struct kind {
	const char *what;
	uint16_t type;	   /* EtherType, behind the tags */
	uint8_t protocol;  /* that the IP header names */
	uint8_t shape;	   /* enum shape */
	uint8_t tags;	   /* in the bytes that are sent */
	bool vlan_device;  /* sent through one: the tag is beside the frame from the start */
	uint16_t options;  /* bytes of IPv4 options, or of a hop-by-hop header */
	uint16_t fragment; /* frag_off */
	uint16_t cut;	 /* so many bytes of the transport header are there; 0: all and a payload */
	uint16_t longer; /* at least so many bytes of payload */
};

struct frame {
	const struct kind *kind;
	size_t len, l3, l4; /* l4: 0 unless a transport header begins there */
	uint16_t source, dest;
	uint16_t segment; /* bytes of each segment's payload */
	bool second;	  /* leaves by the second device, in the exercise */
	uint8_t data[MAX_LENGTH + 64];
};

static struct frame frames[MAX_FRAMES];
static size_t frame_count;

/* --- bytes --- */
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

static uint16_t get16(const uint8_t *from)
{
	return from[0] << 8 | from[1];
}

static uint32_t add_up(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : data[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* --- frames --- */
static bool is_ip(const struct kind *k)
{
	return k->type == ETH_P_IP || k->type == ETH_P_IPV6;
}

static bool is_udp(const struct kind *k)
{
	return k->protocol == IPPROTO_UDP;
}

/* Whether the transport header is where a parser without loops looks for it. */
static bool has_ports(const struct kind *k)
{
	return is_ip(k) && (is_udp(k) || k->protocol == IPPROTO_TCP) &&
	       !(k->type == ETH_P_IPV6 && k->options) && !(k->fragment & 0x1fff);
}

static uint8_t *put_ipv4(struct stim *s, uint8_t *ip, const struct kind *k)
{
	size_t len = 20 + k->options;

	ip[0] = 0x40 | len / 4;
	put16(ip + 4, stim__rand(s, 65536));
	put16(ip + 6, k->fragment);
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

static size_t sum_at(const struct frame *f)
{
	return f->l4 + (is_udp(f->kind) ? 6 : 16);
}

static uint32_t pseudo_sum(const struct frame *f)
{
	const uint8_t *ip = f->data + f->l3;
	uint32_t sum = f->len - f->l4 + f->kind->protocol;

	return f->kind->type == ETH_P_IP ? add_up(sum, ip + 12, 8) : add_up(sum, ip + 8, 32);
}

static void put_transport_sum(struct frame *f)
{
	uint8_t *sum = f->data + sum_at(f);
	uint16_t full;

	put16(sum, 0);
	if (f->kind->shape == NO_SUM)
		return;
	if (f->kind->shape == UNFINISHED || f->kind->shape == SEGMENTS) {
		put16(sum, fold(pseudo_sum(f)));
		return;
	}
	full = ~fold(add_up(pseudo_sum(f), f->data + f->l4, f->len - f->l4));
	put16(sum, full || !is_udp(f->kind) ? full : 0xffff);
}

/* Lengths and checksums, once all else is there. */
static void finish(struct frame *f)
{
	uint8_t *ip = f->data + f->l3;

	if (f->kind->type == ETH_P_IP) {
		put16(ip + 2, f->len - f->l3);
		put16(ip + 10, 0);
		put16(ip + 10, ~fold(add_up(0, ip, 20 + f->kind->options)));
	} else if (f->kind->type == ETH_P_IPV6) {
		put16(ip + 4, f->len - f->l3 - 40);
	}
	if (!f->l4)
		return;
	if (is_udp(f->kind))
		put16(f->data + f->l4 + 4, f->len - f->l4);
	else
		f->data[f->l4 + 12] = 0x50;
	if (!f->kind->cut)
		put_transport_sum(f);
}

static void build(struct stim *s, struct frame *f, const struct kind *k, uint16_t source,
		  uint16_t dest)
{
	uint8_t *pos = f->data + 12;

	f->kind = k;
	f->source = source;
	f->dest = dest;
	for (size_t i = 0; i < sizeof(f->data); i++)
		f->data[i] = stim__rand(s, 256);
	f->data[0] = stim__rand(s, 2) ? 0x02 : 0x03; /* somebody else, or a group */
	f->data[6] = 0x02;
	for (int i = 0; i < k->tags; i++, pos += 4) {
		put16(pos, ETH_P_8021Q);
		put16(pos + 2, 100 + i);
	}
	put16(pos, k->type);
	pos += 2;
	f->l3 = pos - f->data;
	/* What is not IP looks like it behind its EtherType. */
	pos = k->type == ETH_P_IPV6 ? put_ipv6(pos, k) : put_ipv4(s, pos, k);
	put16(pos, source);
	put16(pos + 2, dest);
	f->l4 = has_ports(k) ? pos - f->data : 0;
	f->segment = 500 + stim__rand(s, 500);
	f->len = pos - f->data +
		 (k->cut ? k->cut : (is_udp(k) ? 8 : 20) + 2 + k->longer + stim__rand(s, 200));
	finish(f);
}

static unsigned prime(struct stim *s)
{
	static const unsigned primes[] = { 2, 3, 5, 7, 11 };

	return primes[stim__rand(s, ARRAY_SIZE(primes))];
}

static void shuffle(struct stim *s)
{
	static struct frame f;

	for (size_t i = frame_count; i > 1; i--) {
		size_t k = stim__rand(s, i);

		f = frames[i - 1];
		frames[i - 1] = frames[k];
		frames[k] = f;
	}
	for (size_t i = 0; i < frame_count; i++)
		put32(frames[i].data + 8, i);
}

/* --- wires --- */
struct wire {
	const char *tool, *device, *peer;
	bool foreign; /* clsact and a filter of somebody else's are there already */
	int inside, inside_vlan, outside; /* packet sockets that send */
	int tap[3];			  /* those that listen behind the hook */
	bool broken;			  /* what should have come out did not */
};

static struct wire ingress_wires[] = {
	{ .tool = "bcc", .device = "wbb0", .peer = "wbb0p", .foreign = true },
	{ .tool = "libbpf", .device = "wbl0", .peer = "wbl0p", .foreign = true },
};

static struct wire egress_wires[] = {
	{ .tool = "bcc", .device = "wbb0", .peer = "wbb0p", .foreign = true },
	{ .tool = "libbpf", .device = "wbl0", .peer = "wbl0p", .foreign = true },
	{ .tool = "bcc", .device = "wbb1", .peer = "wbb1p" },
	{ .tool = "libbpf", .device = "wbl1", .peer = "wbl1p" },
};

static bool is_libbpf(const struct wire *w)
{
	return !strcmp(w->tool, "libbpf");
}

static int shell(const char *fmt, va_list ap)
{
	char command[512];

	vsnprintf(command, sizeof(command), fmt, ap);
	return system(command);
}

static void must(const char *fmt, ...) __printf(1, 2);
static void must(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (shell(fmt, ap))
		stim__fail("failed: %s", fmt);
	va_end(ap);
}

static bool holds(const char *fmt, ...) __printf(1, 2);
static bool holds(const char *fmt, ...)
{
	va_list ap;
	int status;

	va_start(ap, fmt);
	status = shell(fmt, ap);
	va_end(ap);
	return !status;
}

/* One that only listens is bound to the protocol; one that only sends hears nothing. */
static int packet_socket(const char *device, uint16_t protocol)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };
	int fd = stim__try(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)), on = 1;

	to.sll_ifindex = if_nametoindex(device);
	if (!to.sll_ifindex)
		stim__fail("no device %s", device);
	if (!protocol)
		stim__try(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)));
	stim__try(bind(fd, (struct sockaddr *)&to, sizeof(to)));
	return fd;
}

/* No addresses, no ARP, no groups, no IPv6: the kernel itself has nothing to say on these wires. */
static void quiet_up(const char *device)
{
	must("f=/proc/sys/net/ipv6/conf/%s/disable_ipv6; test ! -e $f || echo 1 >$f", device);
	must("ip link set dev %s mtu %d arp off multicast off up", device, MTU);
}

static void make_wire(struct wire *w, const char *direction)
{
	must("ip link add %s type veth peer name %s", w->device, w->peer);
	quiet_up(w->device);
	quiet_up(w->peer);
	if (w->foreign)
		must("tc qdisc add dev %s clsact && tc filter add dev %s %s protocol %#x pref "
		     "50000 matchall action drop",
		     w->device, w->device, direction, FOREIGN);
	w->inside = packet_socket(w->device, 0);
	w->outside = packet_socket(w->peer, 0);
}

static uint16_t any_port(void)
{
	uint16_t port;

	/* One that is the same in either byte order would hide a mistake in all runs of the snapshot. */
	do {
		stim__try(getrandom(&port, sizeof(port), 0));
		port = 1025 + port % 60000;
	} while (port >> 8 == (port & 0xff));
	return port;
}

static void send_frame(int fd, const struct frame *f)
{
	struct virtio_net_hdr h = { 0 };
	struct iovec parts[] = { { &h, sizeof(h) }, { (void *)f->data, f->len } };
	struct sockaddr_ll to;
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = 2
	};
	socklen_t len;
	ssize_t n;

	if (f->kind->shape == UNFINISHED || f->kind->shape == SEGMENTS) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = f->l4;
		h.csum_offset = sum_at(f) - f->l4;
	}
	if (f->kind->shape == SEGMENTS) {
		h.gso_type = f->kind->type == ETH_P_IP ? VIRTIO_NET_HDR_GSO_TCPV4
						       : VIRTIO_NET_HDR_GSO_TCPV6;
		h.gso_size = f->segment;
		h.hdr_len = f->l4 + 20;
	}
	/* Told so, for 5.10 does not look into what is sent through a VLAN interface. */
	len = sizeof(to);
	if (getsockname(fd, (struct sockaddr *)&to, &len))
		stim__fail("socket: %s", strerror(errno));
	to.sll_protocol = htons(f->kind->tags ? ETH_P_8021Q : f->kind->type);
	n = sendmsg(fd, &msg, 0);
	/* ENOBUFS: a filter dropped it on its way out, which is for the taps to tell. */
	if (n != (ssize_t)(f->len + sizeof(h)) && (n >= 0 || errno != ENOBUFS))
		stim__fail("frame of %zu bytes (%s): %s", f->len, f->kind->what, strerror(errno));
}

/* The next frame that the socket hears arriving, within `ms`; 0: none. */
static size_t receive(int fd, uint8_t *data, size_t size, int64_t ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t deadline = now_ms() + ms, left;

	while ((left = deadline - now_ms()) >= 0 && poll(&pfd, 1, left) > 0) {
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, data, size, 0, (struct sockaddr *)&from, &len);

		if (n < 0)
			stim__fail("receive: %s", strerror(errno));
		if (from.sll_pkttype != PACKET_OUTGOING)
			return n;
	}
	return 0;
}

/* The frame as a socket gets it: without its outermost tag, which the kernel keeps beside it. */
static size_t untagged(const struct frame *f, uint8_t *to)
{
	size_t tag = f->kind->tags ? 4 : 0;

	memcpy(to, f->data, 12);
	memcpy(to + 12, f->data + 12 + tag, f->len - 12 - tag);
	return f->len - tag;
}

/* --- what is left behind --- */
static void look_behind(struct stim *s, const struct wire *w, const char *direction)
{
	const char *fault = NULL;
	bool qdisc = holds("tc qdisc show dev %s | grep -q clsact", w->device);

	if (holds("tc filter show dev %s ingress | grep -q ' bpf '", w->device) ||
	    holds("tc filter show dev %s egress | grep -q ' bpf '", w->device))
		fault = "the filter is still there after the tool's end: it belongs to the "
			"device, not to the process, so take it off with bpf_tc_detach()";
	else if (qdisc && !w->foreign)
		fault = "the clsact qdisc that the tool created is still there after its end: "
			"bpf_tc_hook_destroy() with both attach points removes it";
	else if (!qdisc && w->foreign)
		fault = "a clsact qdisc that was there before the tool, and somebody else's "
			"filter in it, are gone: destroy only what you have created";
	else if (w->foreign &&
		 !holds("tc filter show dev %s %s | grep -q matchall", w->device, direction))
		fault = "somebody else's filter is gone from a clsact qdisc that was there before "
			"the tool: bpf_tc_hook_destroy() with one attach point removes all "
			"filters there";
	if (fault && !is_libbpf(w))
		stim__fail("%s: %s", w->device, fault);
	if (fault)
		stim__fault(s, "%s: %s", w->device, fault);
}

static void end_tools(struct stim *s, const struct wire *w, size_t n, const char *direction)
{
	if (!stim__end_tools())
		return;
	for (size_t i = 0; i < n; i++)
		look_behind(s, &w[i], direction);
}

static void complain(struct stim *s, struct wire *w, const char *fmt, ...) __printf(3, 4);
static void complain(struct stim *s, struct wire *w, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!is_libbpf(w))
		stim__fail("%s: %s", w->device, text);
	stim__fault(s, "%s: %s", w->device, text);
}

/* --- the pair: count and drop what arrives --- */
#define KIND(w, t, p, ...)                                       \
	{                                                        \
		.what = w, .type = t, .protocol = p, __VA_ARGS__ \
	}
#define IP4(p, ...)    KIND(#p " in IPv4", ETH_P_IP, IPPROTO_##p, __VA_ARGS__)
#define IP6(p, ...)    KIND(#p " in IPv6", ETH_P_IPV6, IPPROTO_##p, __VA_ARGS__)
#define NOT_IP(t, ...) KIND("not IP", t, IPPROTO_TCP, __VA_ARGS__)

static const struct kind arriving[] = {
	IP4(TCP),
	IP4(UDP),
	IP4(ICMP),
	IP4(SCTP),
	IP4(TCP, .options = 4),
	IP4(UDP, .options = 40),
	IP6(TCP),
	IP6(UDP),
	IP6(ICMPV6),
	IP6(TCP, .options = 8),
	IP6(FRAGMENT),
	IP4(TCP, .tags = 1),
	IP6(UDP, .tags = 1),
	IP4(UDP, .tags = 2),
	IP4(UDP, .fragment = 0x2000),
	IP4(UDP, .fragment = 0x2010),
	IP4(TCP, .fragment = 0x0100),
	IP4(TCP, .cut = 3),
	IP4(UDP, .cut = 4),
	IP6(TCP, .cut = 3),
	IP6(TCP, .cut = 4),
	IP4(UDP, .options = 40, .cut = 3),
	IP4(TCP, .longer = 5000),
	IP4(UDP, .options = 40, .longer = 5000),
	IP6(UDP, .longer = 6000),
	IP4(TCP, .shape = UNFINISHED),
	IP4(TCP, .shape = SEGMENTS, .longer = 2500),
	IP6(TCP, .shape = SEGMENTS, .longer = 5000),
	NOT_IP(ETH_P_ARP),
	NOT_IP(FOREIGN),
	NOT_IP(0x0008),
};

enum { DROPS = 3, PORTS = 8 };

static uint16_t ports[PORTS]; /* those to be dropped first */
static unsigned last_cpu;

static void setup_pair(struct stim *s)
{
	last_cpu = stim__last_cpu();
	for (int i = 0; i < DROPS; i++)
		ports[i] = any_port();
	for (struct wire *w = ingress_wires; w < ingress_wires + ARRAY_SIZE(ingress_wires); w++) {
		make_wire(w, "ingress");
		w->tap[0] = packet_socket(w->device, ETH_P_IP);
		w->tap[1] = packet_socket(w->device, ETH_P_IPV6);
		w->tap[2] = packet_socket(w->device, FOREIGN);
		for (int i = 0; i < DROPS; i++)
			stim__arg(s, w->tool, "--drop=%u", ports[i]);
		stim__arg(s, w->tool, "%s", w->device);
	}
}

static bool is_counted(const struct frame *f)
{
	return f->l4 && f->kind->tags < 2 && (!f->kind->cut || f->kind->cut >= 4);
}

static bool is_dropped(const struct frame *f)
{
	bool dropped = false;

	for (int i = 0; i < DROPS; i++)
		dropped |= f->dest == ports[i];
	return dropped && is_counted(f);
}

static void choose_ports(struct stim *s)
{
	ports[DROPS] = 0;
	ports[DROPS + 1] = ports[0] + 1;
	ports[DROPS + 2] = __builtin_bswap16(ports[1]);
	for (int i = DROPS + 3; i < PORTS; i++)
		ports[i] = 1 + stim__rand(s, 1000);
}

static void build_pair(struct stim *s)
{
	frame_count = 0;
	choose_ports(s);
	for (size_t k = 0; k < ARRAY_SIZE(arriving); k++)
		for (unsigned n = prime(s); n; n--)
			build(s, &frames[frame_count++], &arriving[k], ports[stim__rand(s, PORTS)],
			      ports[stim__rand(s, PORTS)]);
	shuffle(s);
}

/* Frames that are dropped leave no trace; the next one that is not must be the next that comes out. */
static void pass_pair(struct stim *s, struct wire *w, const struct frame *f)
{
	static uint8_t got[MAX_LENGTH + 64], want[MAX_LENGTH + 64];
	int tap = f->kind->type == ETH_P_IP ? w->tap[0] : w->tap[1];
	size_t n, len = untagged(f, want);

	if (w->broken)
		return;
	send_frame(w->outside, f);
	if (!is_ip(f->kind) || f->kind->tags > 1 || is_dropped(f))
		return;
	n = receive(tap, got, sizeof(got), PATIENCE_MS);
	if (n != len || memcmp(got, want, len))
		complain(s, w, "%s did not come out as it was", f->kind->what);
	w->broken = !n;
}

static uint32_t segments(const struct frame *f)
{
	return f->kind->shape == SEGMENTS ? (f->len - f->l4 - 20 + f->segment - 1) / f->segment : 1;
}

static void pair_rows(struct stim *s, uint8_t protocol)
{
	static struct {
		size_t packets, bytes, dropped;
	} sums[65536];

	memset(sums, 0, sizeof(sums));
	for (size_t i = 0; i < frame_count; i++) {
		const struct frame *f = &frames[i];

		if (!is_counted(f) || f->kind->protocol != protocol)
			continue;
		sums[f->dest].packets += segments(f);
		sums[f->dest].bytes += f->len - (f->kind->tags ? 4 : 0);
		sums[f->dest].dropped += is_dropped(f) ? segments(f) : 0;
	}
	for (size_t port = 0; port < ARRAY_SIZE(sums); port++)
		if (sums[port].packets)
			stim__row(s, "%s %zu %zu %zu %zu", protocol == IPPROTO_TCP ? "TCP" : "UDP",
				  port, sums[port].packets, sums[port].bytes, sums[port].dropped);
}

static void run_pair(struct stim *s)
{
	static uint8_t got[MAX_LENGTH + 64];
	struct wire *wires = ingress_wires;
	size_t nr = ARRAY_SIZE(ingress_wires);

	build_pair(s);
	for (size_t i = 0; i < frame_count; i++) {
		/* What is received is worked on where it was sent. */
		if (i % 16 == 0)
			stim__pin(0, i % 32 ? last_cpu : 0);
		for (size_t w = 0; w < nr; w++) {
			pass_pair(s, &wires[w], &frames[i]);
			if (i % 7 == 0) /* what leaves is no business of either tool */
				send_frame(wires[w].inside, &frames[i]);
		}
	}
	for (size_t w = 0; w < nr; w++)
		for (int i = 0; i < 3; i++)
			if (receive(wires[w].tap[i], got, sizeof(got), 0))
				complain(s, &wires[w], "a frame came out that should have been %s",
					 i < 2 ? "dropped" : "dropped by somebody else's filter");
	pair_rows(s, IPPROTO_TCP);
	pair_rows(s, IPPROTO_UDP);
	end_tools(s, wires, nr, "ingress");
}

const struct test_case pair = {
	.columns = "PROTO PORT PACKETS BYTES DROPPED",
	.setup = setup_pair,
	.run = run_pair,
	.needs = {
		{ "program * section=tc* type=sched_cls *", "a tc program, SEC(\"tc\")" },
		{ "map * type=hash key=4 *", "a hash map with protocol and port as its key" },
		{ "variable .rodata drops *", "the ports to drop as read-only data" },
		{ "call * bpf_skb_pull_data", "bpf_skb_pull_data()" },
	},
};

/* --- the exercise: another source for what leaves --- */
static const struct kind leaving[] = {
	IP4(TCP),
	IP4(UDP),
	IP6(TCP),
	IP6(UDP),
	IP4(ICMP),
	IP6(ICMPV6),
	IP4(TCP, .options = 4),
	IP4(UDP, .options = 40),
	IP6(UDP, .options = 8),
	KIND("UDP without a checksum in IPv4", ETH_P_IP, IPPROTO_UDP, .shape = NO_SUM),
	KIND("UDP whose new checksum is zero, in IPv4", ETH_P_IP, IPPROTO_UDP, .shape = TO_ZERO),
	KIND("UDP whose new checksum is zero, in IPv6", ETH_P_IPV6, IPPROTO_UDP, .shape = TO_ZERO),
	KIND("TCP with an unfinished checksum in IPv4", ETH_P_IP, IPPROTO_TCP, .shape = UNFINISHED),
	KIND("UDP with an unfinished checksum in IPv4", ETH_P_IP, IPPROTO_UDP, .shape = UNFINISHED,
	     .options = 12),
	KIND("TCP with an unfinished checksum in IPv6", ETH_P_IPV6, IPPROTO_TCP,
	     .shape = UNFINISHED),
	KIND("UDP with an unfinished checksum in IPv6", ETH_P_IPV6, IPPROTO_UDP,
	     .shape = UNFINISHED),
	KIND("several TCP segments in IPv4", ETH_P_IP, IPPROTO_TCP, .shape = SEGMENTS,
	     .longer = 2500),
	KIND("several TCP segments in IPv6", ETH_P_IPV6, IPPROTO_TCP, .shape = SEGMENTS,
	     .longer = 5000),
	KIND("the first fragment of UDP", ETH_P_IP, IPPROTO_UDP, .fragment = 0x2000),
	KIND("a later fragment of UDP", ETH_P_IP, IPPROTO_UDP, .fragment = 0x2010),
	KIND("the last fragment of TCP", ETH_P_IP, IPPROTO_TCP, .fragment = 0x0100),
	KIND("a long TCP frame in IPv4", ETH_P_IP, IPPROTO_TCP, .longer = 5000),
	KIND("a long UDP frame in IPv6", ETH_P_IPV6, IPPROTO_UDP, .longer = 6000),
	KIND("a TCP header cut short in IPv4", ETH_P_IP, IPPROTO_TCP, .cut = 19),
	KIND("a TCP header cut short in IPv6", ETH_P_IPV6, IPPROTO_TCP, .cut = 18),
	KIND("a UDP header cut short in IPv4", ETH_P_IP, IPPROTO_UDP, .cut = 7),
	KIND("TCP in IPv4 through a VLAN interface", ETH_P_IP, IPPROTO_TCP, .vlan_device = true),
	KIND("UDP in IPv6 through a VLAN interface", ETH_P_IPV6, IPPROTO_UDP, .vlan_device = true),
	KIND("TCP in IPv4 behind a tag in the bytes", ETH_P_IP, IPPROTO_TCP, .tags = 1),
	KIND("a frame that is not IP", ETH_P_ARP, IPPROTO_TCP),
	KIND("a frame that is not IP", FOREIGN, IPPROTO_TCP),
};

static struct {
	uint16_t port, new_port;
	uint8_t ipv4[4], ipv6[16];
} to;

static void choose_source(void)
{
	to.port = any_port();
	to.new_port = any_port();
	stim__try(getrandom(to.ipv4, sizeof(to.ipv4), 0));
	stim__try(getrandom(to.ipv6, sizeof(to.ipv6), 0));
	to.ipv4[0] = 10;
	to.ipv6[0] = 0xfd;
}

static void setup_exercise(struct stim *s)
{
	char ipv4[INET_ADDRSTRLEN], ipv6[INET6_ADDRSTRLEN];
	struct wire *w;

	last_cpu = stim__last_cpu();
	choose_source();
	inet_ntop(AF_INET, to.ipv4, ipv4, sizeof(ipv4));
	inet_ntop(AF_INET6, to.ipv6, ipv6, sizeof(ipv6));
	for (w = egress_wires; w < egress_wires + ARRAY_SIZE(egress_wires); w++) {
		char vlan[IFNAMSIZ];

		make_wire(w, "egress");
		snprintf(vlan, sizeof(vlan), "%sv", w->device);
		must("ip link add link %s name %s type vlan id %d", w->device, vlan, VLAN_ID);
		quiet_up(vlan);
		w->inside_vlan = packet_socket(vlan, 0);
		w->tap[0] = packet_socket(w->peer, ETH_P_ALL);
	}
	for (int i = 0; i < 2; i++) {
		const char *tool = egress_wires[i].tool;

		stim__arg(s, tool, "--port=%u", to.port);
		stim__arg(s, tool, "--new-port=%u", to.new_port);
		stim__arg(s, tool, "--new-ipv4=%s", ipv4);
		stim__arg(s, tool, "--new-ipv6=%s", ipv6);
		stim__arg(s, tool, "%s", egress_wires[i].device);
		stim__arg(s, tool, "%s", egress_wires[i + 2].device);
	}
}

static bool is_whole(const struct frame *f)
{
	return f->l4 && !f->kind->tags && !f->kind->cut;
}

static bool is_rewritten(const struct frame *f)
{
	return is_whole(f) && f->source == to.port;
}

/* RFC 1624: the sum of what is replaced goes out, that of what replaces it comes in. */
static uint32_t change(const uint8_t *from, const uint8_t *with, size_t len)
{
	return (uint16_t)~fold(add_up(0, from, len)) + add_up(0, with, len);
}

/* What has to come out of the frame, where the sums of old and new values differ by `address` and `port`. */
static uint16_t new_sum(const struct frame *f, uint32_t address, uint32_t port)
{
	uint16_t old = get16(f->data + sum_at(f)), sum;

	if (f->kind->shape == NO_SUM)
		return 0;
	if (f->kind->shape == UNFINISHED || f->kind->shape == SEGMENTS)
		return fold(old + fold(address));
	sum = ~fold((uint16_t)~old + fold(address) + fold(port));
	return sum || !is_udp(f->kind) ? sum : 0xffff;
}

static void rewrite(const struct frame *f, uint8_t *out)
{
	bool v4 = f->kind->type == ETH_P_IP;
	size_t source = f->l3 + (v4 ? 12 : 8), len = v4 ? 4 : 16;
	const uint8_t *with = v4 ? to.ipv4 : to.ipv6;
	uint32_t address = change(f->data + source, with, len), port;
	uint8_t new_port[2];

	put16(new_port, to.new_port);
	port = change(f->data + f->l4, new_port, 2);
	memcpy(out, f->data, f->len);
	put16(out + sum_at(f), new_sum(f, address, port));
	memcpy(out + source, with, len);
	memcpy(out + f->l4, new_port, 2);
	if (v4)
		put16(out + f->l3 + 10,
		      ~fold((uint16_t)~get16(f->data + f->l3 + 10) + fold(address)));
}

/* Makes the new checksum of a UDP frame zero by changing its payload. */
static void steer_to_zero(struct stim *s, struct frame *f)
{
	static uint8_t out[MAX_LENGTH + 64];
	uint8_t *word = f->data + f->l4 + 8;

	do {
		put16(word, stim__rand(s, 65536));
		finish(f);
		rewrite(f, out);
		put16(word, fold(get16(word) + get16(out + sum_at(f))));
		finish(f);
		rewrite(f, out);
	} while (get16(out + sum_at(f)) != 0xffff);
}

static uint16_t any_source(struct stim *s)
{
	return stim__rand(s, 3) ? to.port : stim__rand(s, 2) ? __builtin_bswap16(to.port) : 53;
}

static void build_exercise(struct stim *s)
{
	frame_count = 0;
	for (size_t k = 0; k < ARRAY_SIZE(leaving); k++) {
		/* The first is to be rewritten, the second may be an answer to one. */
		for (unsigned n = 0, nr = 1 + prime(s); n < nr; n++) {
			struct frame *f = &frames[frame_count++];

			build(s, f, &leaving[k], n ? any_source(s) : to.port,
			      n % 2 ? to.port : 1 + stim__rand(s, 1000));
			f->second = n % 2; /* either device carries some of each kind */
			if (f->kind->shape == TO_ZERO)
				steer_to_zero(s, f);
		}
	}
	shuffle(s);
}

static const char *field(const struct frame *f, size_t at)
{
	bool v4 = f->kind->type == ETH_P_IP;

	if (at < f->l3 || !is_ip(f->kind))
		return "a byte of the Ethernet frame";
	if (v4 && at - f->l3 - 10 < 2)
		return "the IPv4 header's checksum";
	if (at - f->l3 - (v4 ? 12 : 8) < (v4 ? 4 : 16))
		return "the source address";
	if (f->l4 && at - f->l4 < 2)
		return "the source port";
	if (f->l4 && at - sum_at(f) < 2)
		return is_udp(f->kind) ? "the UDP checksum" : "the TCP checksum";
	return "a byte that is no business of the tool's";
}

/* What to think of when the first wrong byte is there. */
static const char *advice(const struct frame *f, const uint8_t *got, size_t len, size_t at)
{
	if (at - f->l4 < 2 && len >= f->l4 + 2 &&
	    get16(got + f->l4) == __builtin_bswap16(to.new_port))
		return "that is the new port in the wrong byte order: htons() it once";
	if (at - sum_at(f) > 1)
		return "all before it is right";
	switch (f->kind->shape) {
	case UNFINISHED:
	case SEGMENTS:
		return "the checksum is not finished yet: a change of addresses belongs into it, "
		       "one "
		       "of ports does not; see BPF_F_PSEUDO_HDR";
	case NO_SUM:
	case TO_ZERO:
		return "in UDP zero means that there is no checksum; see BPF_F_MARK_MANGLED_0";
	default:
		return "all before it is right";
	}
}

static bool is_away(const struct wire *w, const struct frame *f)
{
	return w->foreign && f->kind->type == FOREIGN;
}

static void compare(struct stim *s, struct wire *w, const struct frame *f, const uint8_t *got,
		    size_t n)
{
	static struct frame want;
	static uint8_t bytes[MAX_LENGTH + 64];
	size_t len, at = 0, tag = 0;

	want = *f;
	if (is_rewritten(f))
		rewrite(f, want.data);
	len = untagged(&want, bytes);
	w->broken = !n;
	if (!n)
		return complain(s, w, "%s did not come out: return TC_ACT_UNSPEC for every frame",
				f->kind->what);
	while (at < n && at < len && got[at] == bytes[at])
		at++;
	if (f->kind->tags && at > 11)
		tag = 4;
	if (at == n && at == len)
		return;
	if (!is_rewritten(f))
		complain(s, w, "%s was rewritten, in %s: it should have been left alone",
			 f->kind->what, field(f, at + tag));
	else if (n == f->len && !memcmp(got, f->data, n))
		complain(s, w, "%s was not rewritten", f->kind->what);
	else
		complain(s, w, "%s came out wrong, first in %s (%s)", f->kind->what, field(f, at),
			 advice(f, got, n, at));
}

/* A frame that somebody else's filter drops leaves no trace, or comes out in the next one's place. */
static void pass_exercise(struct stim *s, struct wire *w, const struct frame *f)
{
	static uint8_t got[MAX_LENGTH + 64];
	size_t n;

	if (w->broken)
		return;
	send_frame(f->kind->vlan_device ? w->inside_vlan : w->inside, f);
	n = receive(w->tap[0], got, sizeof(got), is_away(w, f) ? 0 : PATIENCE_MS);
	if (!is_away(w, f))
		compare(s, w, f, got, n);
	else if (n)
		complain(s, w,
			 "a frame came out that somebody else's filter drops: TC_ACT_OK ends the "
			 "search, TC_ACT_UNSPEC leaves the frame to the filters behind");
}

typedef bool (*row_fn)(const struct frame *f);

static bool is_from_port(const struct frame *f)
{
	return is_whole(f) && f->source == to.port;
}

static bool is_for_port(const struct frame *f)
{
	return is_whole(f) && f->dest == to.port;
}

/* At ingress the tag has been taken out of the bytes. */
static bool is_arriving(const struct frame *f)
{
	return f->l4 && !f->kind->cut && f->source == to.port;
}

static bool is_swapped(const struct frame *f)
{
	return is_whole(f) && f->source == __builtin_bswap16(to.port);
}

static bool is_any_fragment(const struct frame *f)
{
	return is_ip(f->kind) && (is_udp(f->kind) || f->kind->protocol == IPPROTO_TCP) &&
	       !(f->kind->type == ETH_P_IPV6 && f->kind->options) && !f->kind->tags &&
	       !f->kind->cut && f->source == to.port;
}

static bool is_with_cut(const struct frame *f)
{
	return f->l4 && !f->kind->tags && f->source == to.port &&
	       (!f->kind->cut || f->kind->cut >= 18);
}

static bool is_ipv4(const struct frame *f)
{
	return is_from_port(f) && f->kind->type == ETH_P_IP;
}

static bool is_without_options(const struct frame *f)
{
	return is_from_port(f) && !f->kind->options;
}

static bool is_short(const struct frame *f)
{
	return is_from_port(f) && (!f->kind->longer || f->kind->shape == SEGMENTS);
}

/* Without the segments as well, whose headers alone are in the first piece. */
static bool is_in_one_page(const struct frame *f)
{
	return is_from_port(f) && f->kind->longer < 4096;
}

static bool is_on_first(const struct frame *f)
{
	return is_from_port(f) && !f->second;
}

static bool is_nothing(const struct frame *f)
{
	(void)f;
	return false;
}

static void exercise_rows(struct stim *s, row_fn counts, size_t nr)
{
	static const uint16_t types[] = { ETH_P_IP, ETH_P_IPV6 };

	for (int row = 0; row < 4; row++) {
		uint8_t protocol = row % 2 ? IPPROTO_UDP : IPPROTO_TCP;
		size_t n = 0;

		for (size_t i = 0; i < nr; i++)
			if (frames[i].kind->type == types[row / 2] &&
			    frames[i].kind->protocol == protocol)
				n += counts(&frames[i]);
		stim__row(s, "IPV%d %s %zu", row / 2 ? 6 : 4, row % 2 ? "UDP" : "TCP", n);
	}
}

static const struct {
	row_fn counts;
	const char *sentence;
} slips[] = {
	{ is_nothing, "no frame was counted: is the program attached (the skeleton leaves tc "
		      "programs out), are the port and addresses set before the load?" },
	{ is_for_port, "the destination port was looked at: it is the source's that counts" },
	{ is_swapped, "the port is compared in the wrong byte order: htons() it once" },
	{ is_any_fragment, "a fragment that is not the first has no ports: what stands there is "
			   "payload" },
	{ is_with_cut, "frames whose transport header is cut short were counted: all of its 20 "
		       "or 8 bytes must be there" },
	{ is_short, "long frames were not counted: their headers lie outside of data..data_end, "
		    "where bpf_skb_load_bytes() finds them" },
	{ is_in_one_page,
	  "no frame of several pieces was counted: bpf_skb_load_bytes() finds what lies "
	  "outside of data..data_end, or bpf_skb_pull_data() brings it in" },
	{ is_on_first, "what leaves by the second device was not counted: attach to each of them" },
	{ is_ipv4, "IPv6 frames were not counted" },
	{ is_without_options, "an IPv4 header is as long as ihl says" },
};

/* Both devices of a tool carry frames; what arrives there is no business of the tools. */
static void run_exercise(struct stim *s)
{
	size_t arrived;

	build_exercise(s);
	arrived = 20 + stim__rand(s, 20);
	for (size_t i = 0; i < frame_count; i++) {
		struct wire *w = &egress_wires[frames[i].second ? 2 : 0];

		if (i % 16 == 0)
			stim__pin(0, i % 32 ? last_cpu : 0);
		pass_exercise(s, &w[0], &frames[i]);
		pass_exercise(s, &w[1], &frames[i]);
	}
	for (size_t i = 0; i < arrived; i++) {
		send_frame(egress_wires[0].outside, &frames[i]);
		send_frame(egress_wires[1].outside, &frames[i]);
	}
	exercise_rows(s, is_from_port, frame_count);
	stim__mistake(s, "what arrives was counted: packets leave through the attach point "
			 "BPF_TC_EGRESS");
	exercise_rows(s, is_arriving, arrived);
	for (size_t i = 0; i < ARRAY_SIZE(slips); i++) {
		stim__mistake(s, slips[i].sentence);
		exercise_rows(s, slips[i].counts, frame_count);
	}
	end_tools(s, egress_wires, ARRAY_SIZE(egress_wires), "egress");
}

const struct test_case exercise = {
	.columns = "FAMILY PROTO PACKETS",
	.ordered = true,
	.setup = setup_exercise,
	.run = run_exercise,
	.needs = {
		{ "program * section=* type=sched_cls *", "a tc program, SEC(\"tc\")" },
		{ "call * bpf_skb_store_bytes", "bytes written with bpf_skb_store_bytes()" },
		{ "call * bpf_l3_csum_replace", "the IPv4 checksum mended by bpf_l3_csum_replace()" },
		{ "call * bpf_l4_csum_replace",
		  "the transport checksum mended by bpf_l4_csum_replace()" },
		{ "call * bpf_csum_diff", "a difference of IPv6 addresses by bpf_csum_diff()" },
	},
};

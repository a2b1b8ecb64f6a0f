// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames that arrive at an interface and leave by it, some of them by another. Both tools listen on the
 * same one: a socket's filter disturbs nobody. Pair: DNS queries and what looks like them. Exercise:
 * flows, too many for the map, and frames that belong to none, while the tools are stopped: what is
 * not counted in the kernel does not fit into a socket's queue.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "harness.h"

#define DEVICE	    "wbs0"
#define PATIENCE_MS 5000
#define MAX_FRAMES  1500
#define MAX_LENGTH  640
#define MAX_ROWS    512
#define SWAPPED	    0x0008 /* reads as ETH_P_IP when the bytes are not put in order */
#define Q	    ETH_P_8021Q
#define AD	    ETH_P_8021AD

enum way { ARRIVES, LEAVES, LEAVES_TAGGED, ELSEWHERE };

struct frame {
	enum way way;
	size_t len;
	uint8_t data[MAX_LENGTH];
};

static struct frame frames[MAX_FRAMES];
static size_t frame_count;
static uint8_t own_address[ETH_ALEN];
static unsigned last_cpu;

/* --- frames --- */
static uint8_t *put16(uint8_t *to, uint16_t value)
{
	to[0] = value >> 8;
	to[1] = value;
	return to + 2;
}

/* An Ethernet header with up to three tags, to us, to somebody else or to a group. */
static uint8_t *put_ethernet(struct stim *s, struct frame *f, const uint16_t *tags, uint16_t type)
{
	uint8_t *pos = f->data + 12;

	for (size_t i = 0; i < sizeof(f->data); i++)
		f->data[i] = stim__rand(s, 256);
	f->data[0] = stim__rand(s, 2) ? 0x02 : 0x03;
	if (!stim__rand(s, 3))
		memcpy(f->data, own_address, sizeof(own_address));
	f->data[6] = 0x02;
	for (int i = 0; i < 3 && tags[i]; i++)
		pos = put16(put16(pos, tags[i]), 8 + stim__rand(s, 4088));
	return put16(pos, type);
}

static struct frame *new_frame(enum way way)
{
	struct frame *f = &frames[frame_count++];

	if (frame_count > MAX_FRAMES)
		stim__fail("more than %d frames", MAX_FRAMES);
	f->way = way;
	return f;
}

static void shuffle(struct stim *s)
{
	for (size_t i = frame_count; i > 1; i--) {
		size_t j = stim__rand(s, i);
		struct frame f = frames[i - 1];

		frames[i - 1] = frames[j];
		frames[j] = f;
	}
}

/* --- wires --- */
static int inside, leaving, leaving_tagged, arriving, elsewhere;

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

/* Protocol 0: for sending only. */
static int packet_socket(const char *device, uint16_t protocol)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };
	int fd = stim__try(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));

	to.sll_ifindex = if_nametoindex(device);
	stim__try(bind(fd, (struct sockaddr *)&to, sizeof(to)));
	return fd;
}

/* No addresses, no ARP, no groups, no IPv6: the kernel itself has nothing to say on these wires. */
static void quiet_up(const char *device)
{
	shell("f=/proc/sys/net/ipv6/conf/%s/disable_ipv6; test ! -e $f || echo 1 >$f", device);
	shell("ip link set dev %s arp off multicast off up", device);
}

static void find_own_address(void)
{
	struct ifreq request = { .ifr_name = DEVICE };

	stim__try(ioctl(inside, SIOCGIFHWADDR, &request));
	memcpy(own_address, request.ifr_hwaddr.sa_data, sizeof(own_address));
}

static void setup(struct stim *s)
{
	last_cpu = stim__last_cpu();
	shell("ip link add " DEVICE " type veth peer name wbs0p");
	shell("ip link add wbs1 type veth peer name wbs1p");
	quiet_up(DEVICE);
	quiet_up("wbs0p");
	quiet_up("wbs1");
	quiet_up("wbs1p");
	shell("ip link add link " DEVICE " name wbs0.7 type vlan id 7");
	quiet_up("wbs0.7");
	inside = packet_socket(DEVICE, ETH_P_ALL);
	leaving = packet_socket(DEVICE, 0);
	leaving_tagged = packet_socket("wbs0.7", 0);
	arriving = packet_socket("wbs0p", 0);
	elsewhere = packet_socket("wbs1p", 0);
	find_own_address();
	stim__arg(s, "bcc", DEVICE);
	stim__arg(s, "libbpf", DEVICE);
}

/* Waits until the frame has arrived. Sockets hear of it in turn, the youngest first: the tools' before
 * ours. What leaves has been heard of when it is sent.
 */
static void await(const struct frame *f)
{
	struct pollfd pfd = { .fd = inside, .events = POLLIN };
	int64_t deadline = now_ms() + PATIENCE_MS, left;
	struct sockaddr_ll from = { 0 };
	uint8_t data[MAX_LENGTH];

	while ((left = deadline - now_ms()) > 0 && poll(&pfd, 1, left) > 0) {
		socklen_t len = sizeof(from);

		stim__try(recvfrom(inside, data, sizeof(data), 0, (struct sockaddr *)&from, &len));
		if (from.sll_pkttype != PACKET_OUTGOING && !memcmp(data, f->data, 12))
			return;
	}
	stim__fail("a frame of %zu bytes did not arrive", f->len);
}

static void send_from(size_t first)
{
	const int socket_of[] = { arriving, leaving, leaving_tagged, elsewhere };

	for (size_t i = first; i < frame_count; i++) {
		const struct frame *f = &frames[i];

		/* What is received is worked on where it was sent. */
		if (i % 16 == 0)
			stim__pin(0, i % 32 ? last_cpu : 0);
		if (send(socket_of[f->way], f->data, f->len, 0) != (ssize_t)f->len)
			stim__fail("frame of %zu bytes: %s", f->len, strerror(errno));
		if (f->way == ARRIVES)
			await(f);
	}
}

/* --- the pair: names --- */
enum { NAME_SIZE = 256 };

enum name { ANY, ROOT, LONGEST, TOO_LONG, LABEL_63, LABEL_64, POINTER, BINARY };

static const uint16_t query_types[] = { 1, 2, 5, 6, 12, 15, 16, 28, 33, 65, 255, 257, 64, 10 };

static uint8_t pool[12][NAME_SIZE];
static uint16_t pool_types[ARRAY_SIZE(pool)];

static uint8_t *put_label(struct stim *s, uint8_t *to, int len, int below)
{
	*to++ = len;
	while (len--)
		*to++ = below == 26 ? 'a' + stim__rand(s, 26) : stim__rand(s, below);
	return to;
}

/* Returns the name's end. */
static uint8_t *put_name(struct stim *s, uint8_t *to, enum name kind)
{
	switch (kind) {
	case ROOT:
		break;
	case LONGEST: /* 3 * 64 + 62 + 1 is 255 */
	case TOO_LONG:
		for (int i = 0; i < 3; i++)
			to = put_label(s, to, 63, 26);
		to = put_label(s, to, kind == LONGEST ? 61 : 62, 26);
		break;
	case LABEL_63:
		to = put_label(s, to, 63, 26);
		break;
	case LABEL_64:
		to = put_label(s, to, 64, 26);
		break;
	case POINTER:
		to = put_label(s, to, 5, 26);
		return put16(to, 0xc00c);
	case BINARY:
		to = put_label(s, to, 12, 256);
		to = put_label(s, to, 3, 26);
		break;
	default:
		for (int n = 1 + stim__rand(s, 4); n; n--)
			to = put_label(s, to, 1 + stim__rand(s, 12), 26);
	}
	*to = 0;
	return to + 1;
}

static void put_case(struct stim *s, uint8_t *from, const uint8_t *end)
{
	for (uint8_t *p = from; p < end; p += 1 + *p)
		for (int i = 1; i <= *p && p + i < end; i++)
			if (islower(p[i]) && stim__rand(s, 2))
				p[i] = toupper(p[i]);
}

static void put_text(const uint8_t *name, char *to)
{
	if (!*name)
		*to++ = '.';
	while (*name) {
		for (int left = *name++; left; left--, name++)
			to += sprintf(to,
				      isalnum(*name) || *name == '-' || *name == '_' ? "%c"
										     : "\\%03d",
				      tolower(*name));
		*to++ = '.';
	}
	*to = '\0';
}

/* --- the pair: queries --- */
struct kind {
	bool counts;
	uint8_t version, protocol; /* 4 or 6, else no IP; 0: UDP */
	enum way way;
	uint16_t tags[3];
	uint8_t options, ihl; /* bytes of options; a lie about the header's length */
	uint16_t fragment;
	uint16_t flags;	       /* bits other than a query has them */
	int questions;	       /* more than one */
	uint16_t source, port; /* 0: any, and DNS */
	enum name name;
	int cut; /* bytes that the frame ends earlier */
};

#define DNS(v, ...)                                       \
	{                                                 \
		.counts = true, .version = v, __VA_ARGS__ \
	}
#define NOT(v, ...)                       \
	{                                 \
		.version = v, __VA_ARGS__ \
	}

static const struct kind kinds[] = {
	DNS(4),
	DNS(4),
	DNS(6),
	DNS(4, .options = 12),
	DNS(4, .options = 40),
	DNS(4, .fragment = 0x2000),
	DNS(4, .fragment = 0x4000),
	DNS(4, .tags = { Q }),
	DNS(6, .tags = { AD }),
	DNS(4, .tags = { AD, Q }),
	DNS(6, .tags = { Q, Q }),
	DNS(4, .name = ROOT),
	DNS(6, .name = LONGEST),
	DNS(4, .name = LABEL_63),
	DNS(6, .name = BINARY),
	DNS(4, .flags = 0x0100),
	DNS(6, .flags = 0x06ff),
	DNS(4, .questions = 1),
	DNS(6, .source = 53),
	DNS(4, .cut = 2),
	DNS(6, .cut = 2, .name = LONGEST), /* right behind the type */

	NOT(4, .way = LEAVES),
	NOT(6, .way = LEAVES, .tags = { Q }),
	NOT(4, .way = LEAVES_TAGGED),
	NOT(4, .way = ELSEWHERE),
	NOT(6, .way = ELSEWHERE),
	NOT(4, .flags = 0x8080),
	NOT(6, .flags = 0x8000),
	NOT(4, .flags = 0x2000),
	NOT(6, .flags = 0x2800),
	NOT(4, .questions = -1),
	NOT(4, .port = 5353),
	NOT(6, .port = 0x3500),
	NOT(4, .port = 1024, .source = 53),
	NOT(4, .protocol = IPPROTO_TCP),
	NOT(6, .protocol = IPPROTO_TCP),
	NOT(6, .protocol = IPPROTO_DSTOPTS),
	NOT(4, .fragment = 1),
	NOT(4, .fragment = 0x2001),
	NOT(4, .fragment = 0x1fff),
	NOT(4, .ihl = 4),
	NOT(4, .name = TOO_LONG),
	NOT(6, .name = LABEL_64),
	NOT(4, .name = POINTER),
	NOT(4, .cut = 3),
	NOT(6, .cut = 4),
	NOT(4, .cut = 5),
	NOT(6, .cut = 14),
	NOT(4, .cut = 200, .name = LONGEST),
	NOT(6, .cut = 266, .name = LONGEST),
	NOT(4, .cut = 280, .name = LONGEST),
	NOT(6, .cut = 310, .name = LONGEST),
	NOT(0),
};

static uint8_t *put_ip(uint8_t *ip, const struct kind *k)
{
	memset(ip, 0, 20);
	if (k->version == 6) {
		ip[0] = 0x60;
		ip[6] = k->protocol ?: IPPROTO_UDP;
		return ip + 40;
	}
	ip[0] = 0x40 | (k->ihl ? k->ihl : 5 + k->options / 4);
	put16(ip + 6, k->fragment);
	ip[9] = k->protocol ?: IPPROTO_UDP;
	return ip + 20 + k->options;
}

static uint16_t ethertype(const struct kind *k)
{
	return k->version == 6	 ? ETH_P_IPV6
	       : k->version == 4 ? ETH_P_IP
	       : k->version	 ? 0
				 : ETH_P_ARP;
}

static uint8_t *put_dns(uint8_t *udp, const struct kind *k)
{
	if (k->source)
		put16(udp, k->source);
	put16(udp + 2, k->port ?: 53);
	put16(udp + 10, 0x0100 ^ k->flags);
	put16(udp + 12, 1 + k->questions);
	return udp + 20;
}

struct answer {
	uint16_t type;
	unsigned count;
	char name[4 * NAME_SIZE];
};

static struct answer answers[MAX_ROWS];
static size_t answer_count;

static void note_answer(const uint8_t *name, uint16_t type)
{
	struct answer *a = &answers[answer_count];

	put_text(name, a->name);
	a->type = type;
	for (size_t i = 0; i < answer_count; i++)
		if (answers[i].type == type && !strcmp(answers[i].name, a->name))
			a = &answers[i];
	if (a == &answers[answer_count] && ++answer_count == MAX_ROWS)
		stim__fail("too many names");
	a->count++;
}

static void add_query(struct stim *s, const struct kind *k)
{
	struct frame *f = new_frame(k->way);
	uint8_t *name = put_dns(put_ip(put_ethernet(s, f, k->tags, ethertype(k)), k), k), *end;
	size_t n = stim__rand(s, ARRAY_SIZE(pool));
	uint16_t type = pool_types[n];

	end = put_name(s, name, k->name);
	if (k->name == ANY) {
		memcpy(name, pool[n], NAME_SIZE);
		for (end = name; *end; end += 1 + *end)
			;
		end++;
	}
	if (k->counts)
		note_answer(name, type);
	put_case(s, name, end);
	end = put16(put16(end, type), 1);
	/* Behind the question: nothing, or the beginning of what DNS calls additional. */
	f->len = end - f->data - k->cut + (k->cut ? 0 : stim__rand(s, 2) * stim__rand(s, 40));
}

static void print_answers(struct stim *s)
{
	static const char *const names[256] = {
		[1] = "A",    [2] = "NS",     [5] = "CNAME", [6] = "SOA",
		[12] = "PTR", [15] = "MX",    [16] = "TXT",  [28] = "AAAA",
		[33] = "SRV", [65] = "HTTPS", [255] = "ANY",
	};

	for (size_t i = 0; i < answer_count; i++) {
		const struct answer *a = &answers[i];

		if (a->type < 256 && names[a->type])
			stim__row(s, "%s %u %s", names[a->type], a->count, a->name);
		else
			stim__row(s, "TYPE%u %u %s", a->type, a->count, a->name);
	}
}

static void run_pair(struct stim *s)
{
	static const uint8_t primes[] = { 1, 2, 3, 5, 7, 11 };

	for (size_t i = 0; i < ARRAY_SIZE(pool); i++) {
		put_name(s, pool[i], ANY);
		pool_types[i] = query_types[stim__rand(s, ARRAY_SIZE(query_types))];
	}
	/* One name under two types, two names of which one is the other's beginning. */
	memcpy(pool[1], pool[0], NAME_SIZE);
	pool_types[1] = pool_types[0] + 1;
	memcpy(pool[2], pool[0], NAME_SIZE);
	pool[2][1 + *pool[2]] = 0;
	pool_types[2] = pool_types[0];
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (int n = primes[stim__rand(s, ARRAY_SIZE(primes))]; n; n--)
			add_query(s, &kinds[k]);
	shuffle(s);
	send_from(0);
	print_answers(s);
}

const struct test_case pair = {
	.columns = "TYPE COUNT NAME",
	.setup = setup,
	.run = run_pair,
	.needs = {
		{ "program * section=socket type=socket_filter *", "a socket filter, SEC(\"socket\")" },
		{ "call * bpf_skb_load_bytes", "a packet read with bpf_skb_load_bytes()" },
		{ "map * type=hash *", "a hash" },
	},
};

/* --- the exercise: flows --- */
enum { ROOM = 64, MIXED = 239, FLOOD = 797, LOST_IN_FLOOD = 61 };

struct endpoint {
	uint8_t address[16];
	uint16_t port;
};

struct flow {
	uint8_t version, protocol;
	struct endpoint local, remote;
};

static struct flow flows[120];
static size_t flow_count;

static void random_end(struct stim *s, struct endpoint *e)
{
	for (size_t i = 0; i < sizeof(e->address); i++)
		e->address[i] = stim__rand(s, 256);
	e->address[0] = 0x20;
	e->port = 1 + stim__rand(s, 65535);
}

static struct flow *add_flow(const struct flow *f)
{
	if (flow_count == ARRAY_SIZE(flows))
		stim__fail("too many flows");
	flows[flow_count] = *f;
	return &flows[flow_count++];
}

/* Flows that differ from another in one thing. */
static void add_relatives(const struct flow *f)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct flow *other = add_flow(f);

	other->local = f->remote;
	other->remote = f->local;
	add_flow(f)->protocol = f->protocol == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP;
	add_flow(f)->remote.address[f->version == 4 ? 3 : 15] ^= 1;
	add_flow(f)->local.address[1] ^= 0x10;
	add_flow(f)->local.port ^= 0x0100;
	if (f->version == 6)
		return;
	other = add_flow(f);
	other->version = 6;
	memset(other->local.address, 0, 16);
	memset(other->remote.address, 0, 16);
	memcpy(other->local.address, f->local.address, 4);
	memcpy(other->remote.address, f->remote.address, 4);
	other = add_flow(other);
	for (struct endpoint *e = &other->local; e;
	     e = e == &other->local ? &other->remote : NULL) {
		memcpy(e->address + 12, e->address, 4);
		memcpy(e->address, mapped, sizeof(mapped));
	}
}

static void make_flows(struct stim *s)
{
	flow_count = 0;
	for (int i = 0; i < 60; i++) {
		struct flow f = { .version = stim__rand(s, 2) ? 4 : 6,
				  .protocol = stim__rand(s, 2) ? IPPROTO_TCP : IPPROTO_UDP };

		random_end(s, &f.local);
		random_end(s, &f.remote);
		add_flow(&f);
	}
	flows[0].version = flows[1].version = 4;
	flows[2].version = flows[3].version = 6;
	for (int i = 0; i < 4; i++)
		add_relatives(&flows[i]);
	for (struct flow *f = flows; f < flows + flow_count; f++)
		if (f->version == 4) {
			memset(f->local.address + 4, 0, 12);
			memset(f->remote.address + 4, 0, 12);
		}
}

/* Returns the frame's end, behind the ports. */
static uint8_t *put_flow(struct frame *f, uint8_t *ip, const struct flow *flow,
			 const struct kind *k)
{
	bool in = f->way == ARRIVES || f->way == ELSEWHERE;
	const struct endpoint *from = in ? &flow->remote : &flow->local;
	const struct endpoint *to = in ? &flow->local : &flow->remote;
	size_t size = k->version == 4 ? 4 : 16;
	uint8_t *ports = put_ip(ip, k), *addresses = ip + (k->version == 4 ? 12 : 8);

	memcpy(addresses, from->address, size);
	memcpy(addresses + size, to->address, size);
	put16(put16(ports, from->port), to->port);
	return ports + 4;
}

static void add_flow_frame(struct stim *s, const struct flow *flow, struct kind k)
{
	static const enum way ways[] = { ARRIVES, ARRIVES, ARRIVES, LEAVES, LEAVES, LEAVES_TAGGED };
	struct frame *f = new_frame(k.way ?: ways[stim__rand(s, ARRAY_SIZE(ways))]);
	uint8_t *end;

	k.version = flow->version;
	k.protocol = flow->protocol;
	end = put_flow(f, put_ethernet(s, f, k.tags, ethertype(&k)), flow, &k);
	f->len = end - f->data + stim__rand(s, 3) * stim__rand(s, 240);
}

/* Frames of all flows, and some more. */
static void add_flow_frames(struct stim *s)
{
	static const struct kind variants[] = {
		{ 0 },
		{ 0 },
		{ .tags = { Q } },
		{ .tags = { AD } },
		{ .tags = { AD, Q } },
		{ .options = 8 },
		{ .options = 40 },
		{ .fragment = 0x2000 },
		{ .fragment = 0x4000 },
		{ .way = ELSEWHERE },
	};

	for (size_t i = 0; i < MIXED; i++)
		add_flow_frame(s, &flows[i < flow_count ? i : stim__rand(s, flow_count)],
			       variants[stim__rand(s, ARRAY_SIZE(variants))]);
}

/* Frames of no flow. */
static void add_other_frames(struct stim *s)
{
	static const struct kind others[] = {
		{ 0 },
		{ .way = LEAVES },
		{ .tags = { Q } },
		{ .way = LEAVES, .tags = { Q } },
		{ .tags = { Q, AD } },
		{ .way = LEAVES_TAGGED },
		{ .way = ELSEWHERE },
		{ .version = 4, .protocol = IPPROTO_ICMP },
		{ .version = 4, .protocol = IPPROTO_GRE, .tags = { AD } },
		{ .version = 4, .fragment = 0x2001 },
		{ .version = 4, .fragment = 0x1000, .way = LEAVES },
		{ .version = 4, .ihl = 4 },
		{ .version = 6, .protocol = IPPROTO_ICMPV6 },
		{ .version = 6, .protocol = IPPROTO_DSTOPTS, .way = LEAVES },
		{ .version = 6, .protocol = IPPROTO_FRAGMENT },
		{ .version = 4, .way = LEAVES, .tags = { AD, Q, Q } },
		{ .version = 1 },
		/* These end too early, and are nothing at all. */
		{ .version = 4, .cut = 1 },
		{ .version = 6, .cut = 1 },
		{ .version = 4, .cut = 4, .way = LEAVES },
		{ .version = 6, .cut = 5 },
		{ .version = 4, .cut = 5 },
		{ .version = 4, .options = 20, .cut = 20 },
		{ .version = 6, .cut = 40, .way = LEAVES },
		{ .version = 6, .cut = 3, .tags = { Q, Q } },
		{ .version = 4, .fragment = 0x2001, .cut = 10 },
		{ .version = 4, .ihl = 4, .cut = 5, .way = LEAVES },
	};
	static const uint8_t primes[] = { 2, 3, 5 };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		for (int n = primes[stim__rand(s, ARRAY_SIZE(primes))]; n; n--) {
			const struct kind *k = &others[i];
			struct frame *f = new_frame(k->way);
			uint8_t *ip = put_ethernet(s, f, k->tags, ethertype(k));

			f->len = put_flow(f, ip, &flows[stim__rand(s, 4)], k) - f->data - k->cut;
		}
}

/* --- the exercise: what a program makes of the frames, with or without a slip --- */
struct slip {
	uint16_t offset_mask; /* of the fragment's field, if it is another */
	bool everywhere, no_tag_bytes, no_tags, any_fragment, any_ihl, arrives, only_arrives,
		mirrored, to_us;
	bool ipv4_only, port_order, not_lost, no_limit, no_others, whole_others, cut_too, lost_too;
	const char *sentence;
};

static const struct slip truth = { 0 };

static const struct slip slips[] = {
	{ .no_others = true,
	  .sentence = "what belongs to no flow is not handed over: the number that the program "
		      "returns says how "
		      "many bytes of the frame the socket gets" },
	{ .whole_others = true,
	  .sentence = "what belongs to no flow is handed over whole: of each frame the socket gets "
		      "as many bytes "
		      "as the program returns, at most" },
	{ .arrives = true,
	  .sentence = "frames that leave are taken for such that arrive: skb->pkt_type is "
		      "PACKET_OUTGOING for "
		      "them, and their source is what is local" },
	{ .only_arrives = true, .sentence = "frames that leave are not counted" },
	{ .mirrored = true,
	  .sentence = "local and remote are swapped: the destination of a frame that arrives is "
		      "local" },
	{ .to_us = true,
	  .sentence = "frames that arrive for another address, or a group, are not counted: what "
		      "arrives is all "
		      "that is not PACKET_OUTGOING" },
	{ .no_tag_bytes = true,
	  .sentence = "the tag that the kernel has taken out of the frame has 4 bytes, too: "
		      "skb->vlan_present" },
	{ .no_tags = true,
	  .sentence = "frames with a tag in the data belong to no flow: one tag may be taken out, "
		      "another is "
		      "not, and nor is that of a frame which leaves with it" },
	{ .any_fragment = true,
	  .sentence = "a fragment from the middle of a packet has no ports: its offset is not 0" },
	{ .offset_mask = 0x3fff,
	  .sentence = "the first fragment of a packet belongs to no flow: its offset, the lower 13 "
		      "bits, is 0, and it has the ports" },
	{ .offset_mask = 0x7fff,
	  .sentence = "a packet that must not be fragmented belongs to no flow: the offset is the "
		      "lower 13 bits only" },
	{ .offset_mask = 0xff1f,
	  .sentence = "the fragment's offset is read in the wrong byte order" },
	{ .any_ihl = true, .sentence = "an IPv4 header whose ihl is below 5 belongs to no flow" },
	{ .ipv4_only = true, .sentence = "IPv6 belongs to no flow" },
	{ .port_order = true,
	  .sentence = "ports are in the wrong byte order: bpf_skb_load_bytes() leaves bytes as "
		      "they are, unlike "
		      "BCC, and the user side converts them" },
	{ .no_limit = true, .sentence = "--flows is ignored: the map has room for more flows" },
	{ .not_lost = true,
	  .sentence = "frames that find no room in the map are not counted as lost" },
	{ .cut_too = true,
	  .sentence = "frames that end too early are handed over: they are to be left out" },
	{ .lost_too = true,
	  .sentence = "frames that found no room in the map are handed over: they are lost, and "
		      "counted as "
		      "that" },
	{ .everywhere = true,
	  .sentence =
		  "frames of another interface are counted: is the socket bound to the DEVICE?" },
};

/* What a filter sees. */
struct view {
	uint8_t data[MAX_LENGTH];
	size_t len;
	bool tag; /* beside the data */
	bool out, to_us;
};

static bool is_tag(uint16_t type)
{
	return type == Q || type == AD;
}

static uint16_t get16(const uint8_t *from)
{
	return from[0] << 8 | from[1];
}

static bool leaves(const struct frame *f)
{
	return f->way == LEAVES || f->way == LEAVES_TAGGED;
}

/* At the sending or the receiving end of the wire. */
static void look(const struct frame *f, struct view *v, bool out)
{
	memcpy(v->data, f->data, sizeof(v->data));
	v->len = f->len;
	v->out = out;
	v->to_us = !memcmp(f->data, own_address, sizeof(own_address));
	v->tag = f->way == LEAVES_TAGGED;
	if (out || v->tag || !is_tag(get16(f->data + 12)))
		return;
	v->tag = true;
	v->len -= 4;
	memcpy(v->data + 12, f->data + 16, sizeof(v->data) - 16);
}

enum found { FLOW, OTHER, CUT };

static enum found find_ip(const struct view *v, const struct slip *slip, struct flow *flow,
			  size_t *off, const uint8_t **addresses)
{
	uint16_t type = get16(v->data + 12);
	const uint8_t *ip;

	*off = 14;
	for (int i = 0; i < 2 && is_tag(type) && !slip->no_tags; i++, *off += 4)
		type = get16(v->data + *off + 2);
	ip = v->data + *off;
	*addresses = ip + (type == ETH_P_IP ? 12 : 8);
	if (type == ETH_P_IP) {
		*off += (ip[0] & 15) * 4;
		flow->version = 4;
		flow->protocol = ip[9];
		if (v->len < (size_t)(ip - v->data) + 20)
			return CUT;
		if ((ip[0] & 15) < 5 && !slip->any_ihl)
			return OTHER;
		return get16(ip + 6) & (slip->offset_mask ?: 0x1fff) && !slip->any_fragment ? OTHER
											    : FLOW;
	}
	if (type != ETH_P_IPV6 || slip->ipv4_only)
		return OTHER;
	*off += 40;
	flow->version = 6;
	flow->protocol = ip[6];
	return v->len < *off ? CUT : FLOW;
}

static enum found find_flow(const struct view *v, const struct slip *slip, struct flow *flow)
{
	size_t off, size;
	const uint8_t *addresses;
	enum found found = find_ip(v, slip, flow, &off, &addresses);
	struct endpoint from = { 0 }, to = { 0 };
	bool source_is_local = slip->arrives ? false : v->out;

	if (found != FLOW)
		return found;
	if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP)
		return OTHER;
	if (v->len < off + 4)
		return CUT;
	size = flow->version == 4 ? 4 : 16;
	memcpy(from.address, addresses, size);
	memcpy(to.address, addresses + size, size);
	from.port = get16(v->data + off);
	to.port = get16(v->data + off + 2);
	if (slip->mirrored)
		source_is_local = !source_is_local;
	flow->local = source_is_local ? from : to;
	flow->remote = source_is_local ? to : from;
	return FLOW;
}

static struct count {
	struct flow flow;
	size_t in, out;
} counts[ARRAY_SIZE(flows) * 2];
static size_t count_count, lost;
static struct count others[1 << 16];

static bool same_flow(const struct flow *a, const struct flow *b)
{
	return a->version == b->version && a->protocol == b->protocol &&
	       !memcmp(&a->local, &b->local, sizeof(a->local)) &&
	       !memcmp(&a->remote, &b->remote, sizeof(a->remote));
}

static struct count *find_count(const struct flow *flow, const struct slip *slip)
{
	for (size_t i = 0; i < count_count; i++)
		if (same_flow(&counts[i].flow, flow))
			return &counts[i];
	if (count_count == (slip->no_limit ? ARRAY_SIZE(counts) : ROOM))
		return NULL;
	counts[count_count] = (struct count){ .flow = *flow };
	return &counts[count_count++];
}

static void count_view(const struct view *v, const struct slip *slip)
{
	struct flow flow = { 0 };
	struct count *count = NULL;
	enum found found;
	size_t len;

	if ((v->out && slip->only_arrives) || (slip->to_us && !v->out && !v->to_us))
		return;
	found = find_flow(v, slip, &flow);
	len = v->len + (v->tag && !slip->no_tag_bytes ? 4 : 0);
	if (found == FLOW)
		count = find_count(&flow, slip);
	if (found == FLOW && !count)
		lost++;
	if (found == OTHER || (found == CUT && slip->cut_too) ||
	    (found == FLOW && !count && slip->lost_too)) {
		if (slip->no_others)
			return;
		count = &others[get16(v->data + 12)];
		len = slip->whole_others ? v->len : 14;
	}
	if (count)
		*(v->out && !(slip->arrives && found == FLOW) ? &count->out : &count->in) += len;
}

/* A socket that is bound to nothing hears both ends, and the VLAN interface before its own device. */
static void count_frame(const struct frame *f, const struct slip *slip)
{
	struct view v;

	if (f->way == LEAVES_TAGGED && slip->everywhere) {
		look(f, &v, true);
		v.tag = false;
		count_view(&v, slip);
	}
	for (int out = 1; out >= 0; out--) {
		look(f, &v, out);
		if (slip->everywhere || (f->way != ELSEWHERE && out == leaves(f)))
			count_view(&v, slip);
	}
}

static void put_end(char *text, size_t size, int version, const struct endpoint *e,
		    const struct slip *slip)
{
	char number[INET6_ADDRSTRLEN];

	inet_ntop(version == 4 ? AF_INET : AF_INET6, e->address, number, sizeof(number));
	snprintf(text, size, version == 4 ? "%s:%u" : "[%s]:%u", number,
		 slip->port_order ? htons(e->port) : e->port);
}

static void count_frames(const struct slip *slip)
{
	memset(others, 0, sizeof(others));
	count_count = lost = 0;
	for (size_t i = 0; i < frame_count; i++)
		count_frame(&frames[i], slip);
}

static bool is_counted(const struct flow *flow)
{
	for (size_t i = 0; i < count_count; i++)
		if (same_flow(&counts[i].flow, flow))
			return true;
	return false;
}

/* More than fit into a socket's queue, of flows that nobody can take for something else. Only some find no
 * room in the map: whoever hands these over shall not lose any.
 */
static void add_flood(struct stim *s)
{
	int left = LOST_IN_FLOOD;

	count_frames(&truth);
	for (size_t n = 0; n < FLOOD;) {
		const struct flow *flow = &flows[stim__rand(s, flow_count)];

		if (flow->version != 4 || (!is_counted(flow) && left-- <= 0))
			continue;
		add_flow_frame(s, flow, (struct kind){ 0 });
		n++;
	}
}

static void print_counts(struct stim *s, const struct slip *slip)
{
	char local[64], remote[64];

	count_frames(slip);
	for (const struct count *c = counts; c < counts + count_count; c++) {
		put_end(local, sizeof(local), c->flow.version, &c->flow.local, slip);
		put_end(remote, sizeof(remote), c->flow.version, &c->flow.remote, slip);
		stim__row(s, "%s %zu %zu %s %s", c->flow.protocol == IPPROTO_TCP ? "TCP" : "UDP",
			  c->in, c->out, local, remote);
	}
	for (size_t type = 0; type < ARRAY_SIZE(others); type++)
		if (others[type].in || others[type].out)
			stim__row(s, "0x%04zx %zu %zu - -", type, others[type].in,
				  others[type].out);
	stim__row(s, "lost %zu - - -", slip->not_lost ? 0 : lost);
}

/* --- the exercise: what rows cannot tell --- */
static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* From now on, while the descriptor is open. */
static int count_runs(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.enable_stats.type = BPF_STATS_RUN_TIME;
	return stim__try(bpf(BPF_ENABLE_STATS, &attr));
}

/* The next program or map behind `id`, open, or -1; fills in what the kernel tells of it. */
static int next_object(enum bpf_cmd next, enum bpf_cmd open, __u32 *id, void *info, size_t size)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = *id;
	if (bpf(next, &attr))
		return -1;
	*id = attr.next_id;
	memset(&attr, 0, sizeof(attr));
	attr.prog_id = *id; /* the same four bytes as map_id */
	fd = stim__try(bpf(open, &attr));
	memset(info, 0, size);
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info_len = size;
	attr.info.info = (uintptr_t)info;
	stim__try(bpf(BPF_OBJ_GET_INFO_BY_FD, &attr));
	return fd;
}

/* How many frames a socket without the program gets depends on its queue's room: no rows to foretell. */
static void find_idle_program(struct stim *s)
{
	struct bpf_prog_info info;
	__u32 id = 0;
	int fd;

	while ((fd = next_object(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, &id, &info,
				 sizeof(info))) >= 0) {
		close(fd);
		if (info.type == BPF_PROG_TYPE_SOCKET_FILTER && !info.run_cnt)
			stim__fault(s, "the program is loaded, but no frame was shown to it: the "
				       "socket has to get it with SO_ATTACH_BPF, and to be bound "
				       "to the DEVICE");
	}
}

/* All of `struct flow` but its padding. */
enum { FIELDS_SIZE = 38, KEY_SIZE = 40, MAX_KEYS = 256 };

static void find_twins(struct stim *s, int fd)
{
	static uint8_t keys[MAX_KEYS][KEY_SIZE];
	union bpf_attr attr;
	int nr = 0;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	while (nr < MAX_KEYS) {
		attr.key = nr ? (uintptr_t)keys[nr - 1] : 0;
		attr.next_key = (uintptr_t)keys[nr];
		if (bpf(BPF_MAP_GET_NEXT_KEY, &attr))
			return;
		for (int i = 0; i < nr; i++)
			if (!memcmp(keys[i], keys[nr], FIELDS_SIZE))
				stim__fault(s, "one flow has two rows: the 2 bytes of padding "
					       "behind the members of struct flow are part of the "
					       "key, too; write all of it before use");
		nr++;
	}
}

/* Padding that nobody wrote is what the stack had there: no rows to foretell, either. */
static void find_split_flows(struct stim *s)
{
	struct bpf_map_info info;
	__u32 id = 0;
	int fd;

	while ((fd = next_object(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, &id, &info,
				 sizeof(info))) >= 0) {
		if (info.type == BPF_MAP_TYPE_HASH && info.key_size == KEY_SIZE)
			find_twins(s, fd);
		close(fd);
	}
}

static void setup_exercise(struct stim *s)
{
	stim__arg(s, "bcc", "--flows");
	stim__arg(s, "bcc", "%d", ROOM);
	stim__arg(s, "libbpf", "--flows");
	stim__arg(s, "libbpf", "%d", ROOM);
	setup(s);
}

static void run_exercise(struct stim *s)
{
	int stats = count_runs();
	size_t mixed;

	make_flows(s);
	add_flow_frames(s);
	add_other_frames(s);
	shuffle(s);
	send_from(0);
	stim__drain_tools();
	stim__stop_tools();
	mixed = frame_count;
	add_flood(s);
	send_from(mixed);
	stim__drain_tools();
	find_idle_program(s);
	find_split_flows(s);
	close(stats);
	print_counts(s, &truth);
	for (size_t i = 0; i < ARRAY_SIZE(slips); i++) {
		stim__mistake(s, slips[i].sentence);
		print_counts(s, &slips[i]);
	}
}

const struct test_case exercise = {
	.columns = "PROTO IN OUT LOCAL REMOTE",
	.setup = setup_exercise,
	.run = run_exercise,
	.needs = {
		{ "program * section=socket type=socket_filter *", "a socket filter, SEC(\"socket\")" },
		{ "call * bpf_skb_load_bytes*", "a packet read with bpf_skb_load_bytes()" },
		{ "!call * bpf_probe_read*", "a packet read as packet, no read of kernel memory" },
		{ "map * type=hash *", "a hash" },
		{ "call * bpf_map_update_elem", "flows that the program itself adds to the hash" },
		{ "variable .bss lost *", "a global variable \"lost\"" },
		{ "!map * type=ringbuf *", "counting in the kernel, no ring buffer" },
		{ "!map * type=perf_event_array *", "counting in the kernel, no perf buffer" },
	},
};

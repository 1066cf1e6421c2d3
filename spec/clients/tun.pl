# Makes a link whose other end is this program, and then runs what it is given: tun.pl COMMAND …
# A packet for an address of the link comes back with its ends exchanged, so that the servers of this machine answer for that
# address: at once, after a delay, or, where the address is dead, never.
use strict;
use warnings;
use Socket qw(inet_pton AF_INET AF_INET6);
use Time::HiRes qw(time);

my $DELAY = $ENV{LINK_DELAY}; # s, each way
my %late = map { (packed($_), 1) } split ' ', $ENV{LINK_SLOW};
my %dead = map { (packed($_), 1) } split ' ', $ENV{LINK_DEAD};

open(my $tun, '+<', '/dev/net/tun') or die "cannot open /dev/net/tun: $!\n";
my $request = pack('a16 s x22', 'link0', 0x1001); # IFF_TUN | IFF_NO_PI
ioctl($tun, 0x400454ca, $request) or die "cannot make a link: $!\n"; # TUNSETIFF
system($ENV{LINK_UP}) == 0 or die "cannot set the link up\n";

my $reflector = fork();
die "cannot fork: $!\n" unless defined $reflector;
if ($reflector) {
    local $SIG{INT} = 'IGNORE';
    my $status = system(@ARGV);
    kill 'KILL', $reflector;
    exit($status == -1 ? 127 : $status >> 8 || ($status & 127 ? 1 : 0));
}
reflect();

sub packed { my ($address) = @_; my $family = index($address, ':') < 0 ? AF_INET : AF_INET6; return inet_pton($family, $address) }

sub reflect {
    my @waiting;
    while (1) {
        my $readable = '';
        vec($readable, fileno($tun), 1) = 1;
        my $rest = @waiting ? $waiting[0][0] - time : undef;
        $rest = 0 if defined $rest && $rest < 0;
        if (select($readable, undef, undef, $rest) > 0) {
            sysread($tun, my $packet, 65536) or exit;
            my ($at, $length) = ord($packet) >> 4 == 4 ? (12, 4) : (8, 16);
            my ($source, $target) = unpack("x$at a$length a$length", $packet);
            next if $dead{$source} || $dead{$target};
            substr($packet, $at, 2 * $length) = $target . $source; # the checksums stay as they are
            if ($late{$source} || $late{$target}) { push @waiting, [time + $DELAY, $packet] }
            else { syswrite($tun, $packet) }
        }
        syswrite($tun, shift(@waiting)->[1]) while @waiting && $waiting[0][0] <= time;
    }
}

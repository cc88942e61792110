// Decides whether the server's offer of channel binding is passed on.
// Logs where channel binding cannot work.
//
//   client leg   upstream leg                    offer               why
//   any          plaintext                       as it is            the server does not offer it
//   plaintext    TLS                             withheld            the client would take it for an attack and leave
//   TLS          TLS, the same certificate       as it is            it works, end to end
//   TLS          TLS, a certificate of our own   as it is            binding fails: the server sends 28000; a log line
//
// Invariant: the offer is never withheld on a TLS leg: that would silently weaken what the client asked for.
// Not here: the bytes of the messages (wire/login-filter.ts).

import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { LoginFilter } from '../wire/login-filter.js';
import type { Leg } from './leg.js';
import { isEncrypted, peerFingerprint } from './tls.js';

const WAYS_OUT =
  'give pgwitness the certificate and key of the server (--tls-cert, --tls-key); or let the client connect with ' +
  'channel_binding=disable; or use --upstream-tls disable where the network to the server is safe';

export class SaslWatch {
  readonly #log: Log;
  #withheldSaid = false;
  #differenceSaid = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The filter for the server's bytes during login; undefined when there is nothing to watch. */
  filterOf(legs: { client: Leg; upstream: Leg }, ownFingerprint: string): LoginFilter | undefined {
    if (!isEncrypted(legs.upstream.stream)) return undefined;
    const clientEncrypted = isEncrypted(legs.client.stream);
    const sameCertificate = clientEncrypted && peerFingerprint(legs.upstream.stream) === ownFingerprint;
    return new LoginFilter({
      withhold: !clientEncrypted,
      messageBytesMax: limits.loginMessageBytesMax,
      events: {
        onWithheld: () => this.#withheld(),
        onOffered: () => {
          if (clientEncrypted && !sameCertificate) this.#differs();
        },
        onBindingRefused: () =>
          this.#log.warn(
            'the server refused SCRAM channel binding (28000), because pgwitness stands between two TLS legs',
            {
              hint: WAYS_OUT,
            },
          ),
      },
    });
  }

  #withheld(): void {
    if (this.#withheldSaid) return;
    this.#withheldSaid = true;
    this.#log.info('SCRAM-SHA-256-PLUS is withheld from clients without TLS: they log in with SCRAM-SHA-256');
  }

  #differs(): void {
    if (this.#differenceSaid) return;
    this.#differenceSaid = true;
    this.#log.warn(
      'the certificate of pgwitness is not that of the server: clients that use SCRAM channel binding (libpq does by default) cannot log in',
      { hint: WAYS_OUT },
    );
  }
}

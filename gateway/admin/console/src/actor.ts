// SPDX-License-Identifier: Apache-2.0
import type { Me } from './api';

/** In the middle of a sentence: "by you". */
export const byActor = (actor: string, me: Me): string => (actor === `oidc:${me.user.id}` ? 'you' : actorName(actor, me));

/** Whoever changed something, as the API names them (`oidc:…`, `admin-key:…`, `gateway`), for people. */
export function actorName(actor: string, me: Me): string {
    if (actor === `oidc:${me.user.id}`) return 'You';
    if (actor.startsWith('admin-key:')) return `Key “${actor.slice('admin-key:'.length)}”`;
    if (actor.startsWith('oidc:')) return actor.slice('oidc:'.length);
    return actor;
}

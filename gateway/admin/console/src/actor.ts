// SPDX-License-Identifier: Apache-2.0
// Whoever changed something, for people: the API names them `oidc:…`, `admin-key:…`, `gateway`.
import { useQueries } from '@tanstack/react-query';
import { get, type Me } from './api';

const person = 'oidc:';
const key = 'admin-key:';
/** So many are looked up; an organization has few admins. */
const most_names = 30;

export type ActorName = (actor: string) => string;

/** In the middle of a sentence: "by you". */
export const inSentence = (name: string): string => (name === 'You' ? 'you' : name);

/** Names of these, as far as they are known: who has never been seen at work has only an id. */
export function useActorNames(actors: string[], me: Me): ActorName {
    const ids = [...new Set(actors)].filter((actor) => actor.startsWith(person)).map((actor) => actor.slice(person.length));
    const found = useQueries({
        queries: ids.filter((id) => id !== me.user.id).slice(0, most_names).map((id) => ({
            queryKey: ['users', 'name', id],
            queryFn: async () => {
                const { data } = await get<{ data: { id: string; name: string | null; email: string | null }[] }>(
                    `/v1/organizations/users?limit=20&q=${encodeURIComponent(id)}`);
                const user = data.find((each) => each.id === id);
                return { id, name: user?.name || user?.email || id };
            },
            staleTime: Infinity,
        })),
    });
    const names = new Map(found.flatMap(({ data }) => (data ? [[data.id, data.name]] : [])));
    return (actor) => {
        if (actor === `${person}${me.user.id}`) return 'You';
        if (actor.startsWith(key)) return `Key “${actor.slice(key.length)}”`;
        const id = actor.startsWith(person) ? actor.slice(person.length) : actor;
        return names.get(id) ?? id;
    };
}

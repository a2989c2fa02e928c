// SPDX-License-Identifier: Apache-2.0
// The groups of who was seen here, for every field that asks for one.
import { useQuery } from '@tanstack/react-query';
import { get } from './api';
import type { Choice } from './form';
import { plural } from './format';

export interface Group {
    rbac_group_id: string;
    people: number;
    service_keys: number;
}

/** None while they are not known: nothing has to wait for them, because a group can be written too. */
export function useGroups(): Group[] {
    const groups = useQuery({ queryKey: ['groups'], queryFn: () => get<{ data: Group[] }>('/v1/organizations/groups') });
    return groups.data?.data ?? [];
}

export const choiceOf = (group: Group): Choice => ({ id: group.rbac_group_id, note: plural(group.people, 'person', 'people') });
